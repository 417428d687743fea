import type { HostFacts } from '../../target/host.js';
import type { Trial } from '../trial.js';
import type { Conditions } from './conditions.js';
import type { ChildSpec } from './protocol.js';

/** Tell about the machine. */
export interface InspectRequest {
  readonly kind: 'inspect';
}

/** Run the harness once. */
export interface TrialRequest {
  readonly kind: 'trial';
  /** Made for this trial and removed after it; the spec's result goes into it. */
  readonly folder: string;
  /** Files of the variants, copied anew: absolute path → path below `folder`. */
  readonly copies: readonly { readonly from: string; readonly to: string }[];
  /** Files that no later trial needs. */
  readonly remove: readonly string[];
  readonly spec: ChildSpec;
  /** The command that starts Node there, which may be a script around it. */
  readonly node: string;
  readonly harness: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly pin: boolean;
  readonly timeoutMs: number;
}

export type AgentRequest = InspectRequest | TrialRequest;

export interface Inspection {
  readonly facts: HostFacts;
  readonly nodeVersion: string;
}

export interface AgentTrial {
  /** Standard output of the harness is left out. */
  readonly trial: Trial;
  readonly before: Conditions;
  readonly after: Conditions;
  /** Absent when pinning was not asked for. */
  readonly isPinned?: boolean;
  readonly isBusy: boolean;
}

/** Stands on a line of its own before the answer, with its length in bytes: a login shell may print before it. */
export const answerMark = 'autopass-answer';

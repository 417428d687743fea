import type { EvidenceChange } from '../evidence/compare.js';
import type { Evidence } from '../evidence/types.js';
import type { Configuration } from '../levers/types.js';

/** What a policy wants to try, and why. */
export interface Proposal {
  readonly configuration: Configuration;
  /** One sentence for a person: which evidence led to which lever, and what it should bring. */
  readonly reason: string;
  /** Names of the rules, `seed` or `random`; kept in the journal. */
  readonly origin: string;
}

export type TrialOutcome =
  | 'faster'
  | 'slower'
  | 'within-noise'
  | 'identical'
  | 'incorrect'
  | 'failed'
  | 'refused';

/** A finished trial as policies see it. */
export interface PolicyTrial {
  readonly configuration: Configuration;
  readonly origin: string;
  readonly outcome: TrialOutcome;
  /** Speedup over the incumbent's baseline (`-O3`) where measured; above 1 is faster. */
  readonly speedup?: number;
  readonly ci?: readonly [number, number];
  /** What the levers did to the hot code, of trials that lost. */
  readonly change?: EvidenceChange;
}

/** All a policy may look at. */
export interface PolicyInput {
  /** `addon`: one configuration for all hot units at once; `unit`: for the unit that the evidence is of. */
  readonly scope: 'addon' | 'unit';
  readonly arch: 'x64' | 'arm64';
  readonly major: number;
  readonly language: 'c' | 'c++';
  /** Under `-O3` without levers. */
  readonly evidence: Evidence;
  readonly incumbent: Configuration;
  readonly history: readonly PolicyTrial[];
  /** In scope `unit`: what was tried on all hot units at once before. */
  readonly addonTrials?: readonly PolicyTrial[];
  readonly allow: readonly string[];
  /** The session's profiles of the bench, each as the configuration that uses it. */
  readonly profiles?: readonly Configuration[];
  /** How many proposals are wanted now. */
  readonly batch: number;
}

/** Proposes configurations for one translation unit. An empty answer means: nothing left to try. */
export interface Policy {
  readonly name: string;
  propose(input: PolicyInput): Promise<readonly Proposal[]>;
}

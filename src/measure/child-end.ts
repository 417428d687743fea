import { deserialize } from 'node:v8';
import type { ChildFailure, ChildResult } from './child/protocol.js';
import type { ProcessEnd } from './run-process.js';
import type { Trial } from './trial.js';

/** How a child process ended. */
export type ChildEnd<Result> =
  | { readonly kind: 'result'; readonly value: Result; readonly end: ProcessEnd }
  | { readonly kind: 'failure'; readonly failure: ChildFailure }
  | {
      readonly kind: 'crashed';
      readonly signal: string | null;
      readonly code: number | null;
      readonly detail: string;
    }
  | { readonly kind: 'timed-out'; readonly detail: string };

/** What the harness wrote, or how it died. */
export function readTrial<Result extends ChildResult>({ end, written, inCase }: Trial): ChildEnd<Result> {
  if (written === undefined) {
    return badEnd(end, inCase === undefined ? '' : ` in case ${JSON.stringify(inCase)}`);
  }
  const value: Result | ChildFailure = deserialize(written);
  return value.kind === 'failure'
    ? { kind: 'failure', failure: value }
    : { kind: 'result', value: value as Result, end };
}

/** `wasLoaded`: a process of the command loaded the addon. */
export function readCommandEnd(end: ProcessEnd, wasLoaded: boolean): ChildEnd<Buffer> {
  if (end.timedOut || end.signal !== null || end.code !== 0) return badEnd(end, '');
  if (wasLoaded) return { kind: 'result', value: end.stdout, end };
  const detail = 'the command ended without loading the addon';
  return { kind: 'failure', failure: { kind: 'failure', stage: 'not-loaded', variant: 0, detail } };
}

function badEnd(end: ProcessEnd, where: string): Extract<ChildEnd<never>, { detail: string }> {
  const seconds = (end.elapsedNs / 1e9).toFixed(1);
  if (end.timedOut) return { kind: 'timed-out', detail: `killed after ${seconds} s${where}` };
  const how = end.signal === null ? `exit code ${end.code}` : end.signal;
  const lines = end.stderr.split('\n').filter((line) => line.trim() !== '');
  const detail = [`${how}${where}`, ...lines.slice(-3)].join(': ');
  return { kind: 'crashed', signal: end.signal, code: end.code, detail };
}

/** One line about an end that gave no result. */
export function describeEnd(end: Exclude<ChildEnd<unknown>, { kind: 'result' }>): string {
  if (end.kind !== 'failure') return end.detail;
  const { stage, detail } = end.failure;
  const inCase = end.failure.case === undefined ? '' : ` in case ${JSON.stringify(end.failure.case)}`;
  return stage === 'not-loaded' ? `not loaded: ${detail}` : `${stage} failed${inCase}: ${detail}`;
}

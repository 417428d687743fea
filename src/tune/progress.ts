import type { PolicyTrial } from '../policy/types.js';

export const phases = ['build', 'score', 'search', 'judge', 'apply'] as const;
export type Phase = (typeof phases)[number];

/** How a session tells what it is doing; the command line shows it, a library user may ignore it. */
export interface Progress {
  phase(name: Phase): void;
  step(message: string): void;
  trial(unit: string, trial: PolicyTrial, count: number): void;
}

export const silentProgress: Progress = { phase() {}, step() {}, trial() {} };

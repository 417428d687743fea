import type { AddonRecord, BenchResults, SessionRecord, Step } from '../../../src/dev/bench/results.js';

export function step(trial: number, ratio: number): Step {
  return { trial, ratio, ci: [ratio * 0.99, ratio * 1.01] };
}

export function sessionOf(steps: readonly Step[], trials = 40): SessionRecord {
  return {
    settings: { trials: 40, minutes: 12, seed: 1 },
    verdict: 'faster',
    trials,
    elapsedMs: 600_000,
    steps: [step(0, 1), ...steps],
  };
}

export const fast: AddonRecord = {
  package: 'fast@1.0.0',
  sessions: {
    random: sessionOf([step(15, 1.05), step(35, 1.1)]),
    expert: sessionOf([step(5, 1.19), step(10, 1.2)]),
  },
  final: {
    speedups: {
      stock: { ratio: 0.9, ci: [0.88, 0.92] },
      pgo: { ratio: 1.08, ci: [1.05, 1.1] },
      random: { ratio: 1.09, ci: [1.07, 1.12] },
      expert: { ratio: 1.21, ci: [1.18, 1.25] },
    },
    missing: { thinlto: 'clang failed' },
    noiseFloor: 0.004,
    processes: 30,
    compiler: 'clang 19.1.7',
    at: '2026-11-21T10:00:00.000Z',
  },
};

export const flat: AddonRecord = {
  package: 'flat@1.0.0',
  sessions: { random: sessionOf([]), expert: sessionOf([], 22) },
  final: {
    speedups: {
      stock: { ratio: 1.0, ci: [0.99, 1.01] },
      random: { ratio: 1.0, ci: [0.99, 1.01] },
      expert: { ratio: 1.0, ci: [0.99, 1.01] },
    },
    missing: {},
    noiseFloor: 0.01,
    processes: 30,
    compiler: 'clang 19.1.7',
    at: '2026-11-21T11:00:00.000Z',
  },
};

export const results: BenchResults = {
  version: 1,
  machine: 'a <small> machine, 2 cores',
  addons: { fast, flat },
};

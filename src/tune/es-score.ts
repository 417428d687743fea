import type { PolicyTrial, TrialOutcome } from '../policy/types.js';

/** Wrong result 1, run-time failure 2, compile failure 3. */
const errorClass: Readonly<Partial<Record<TrialOutcome, number>>> = { incorrect: 1, failed: 2, refused: 3 };
const errorValue = 0.1;

/**
 * Correctness, stability and speed in one number: ES_t of PassBench, with its p = 0 and b = 0.1. A correct trial counts its
 * speedup, an error 0.1 when its class is above the tolerance `t`, else 1; the score is the geometric mean. Trials whose code
 * is that of `-O3` count 1. Undefined without trials.
 */
export function esScore(trials: readonly PolicyTrial[], tolerance: number): number | undefined {
  const values = trials.map((trial) => {
    const error = errorClass[trial.outcome];
    if (error !== undefined) return tolerance < error ? errorValue : 1;
    return trial.speedup ?? 1;
  });
  if (values.length === 0) return undefined;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

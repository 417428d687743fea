import type { VariantResult } from '../types.js';
import type { CycleEstimate } from './cycles.js';

export type EstimateEnd = CycleEstimate | { readonly failed: string };

/** A smaller difference of estimates, as a ratio minus one, is no verdict. */
const visibleDifference = 0.005;

/**
 * The ratio of cycles per case, and their geometric mean. No interval is known: the counts are exact, and how far the model of the processor
 * is off is not.
 */
export function compareEstimates(
  id: string,
  baseline: CycleEstimate,
  candidate: EstimateEnd | undefined,
): VariantResult {
  if (candidate === undefined || 'failed' in candidate) {
    const detail = candidate?.failed ?? 'nothing was counted';
    return { id, outcome: 'failed', ratio: 0, ci: [0, 0], processes: 0, samples: [], cases: {}, detail };
  }
  const cases = Object.entries(baseline.cases).flatMap(([name, cycles]): [string, { ratio: number }][] => {
    const other = candidate.cases[name] ?? 0;
    return cycles > 0 && other > 0 ? [[name, { ratio: cycles / other }]] : [];
  });
  const logRatio = cases.reduce((sum, [, { ratio }]) => sum + Math.log(ratio), 0) / cases.length;
  const ratio = Math.exp(logRatio);
  return {
    id,
    outcome: verdict(ratio),
    ratio,
    ci: [ratio, ratio],
    processes: 1,
    samples: [logRatio],
    cases: Object.fromEntries(cases),
  };
}

function verdict(ratio: number): 'faster' | 'slower' | 'within-noise' {
  if (ratio > 1 + visibleDifference) return 'faster';
  return ratio < 1 - visibleDifference ? 'slower' : 'within-noise';
}

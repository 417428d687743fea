import type { VariantResult } from '../types.js';
import type { CycleEstimate } from './cycles.js';

export type EstimateEnd = CycleEstimate | { readonly failed: string };

/** A smaller difference of estimates, as a ratio minus one, is no verdict. */
const visibleDifference = 0.005;

/**
 * The ratio of cycles per case, their geometric mean, and that of executed instructions. No interval is known: the counts are exact, and how far the model of the processor
 * is off is not.
 */
export function compareEstimates(
  id: string,
  baseline: CycleEstimate,
  candidate: EstimateEnd | undefined,
): VariantResult {
  if (candidate === undefined || 'failed' in candidate) {
    const detail = candidate?.failed ?? 'nothing was counted';
    return { id, outcome: 'failed', ratio: 0, ci: [0, 0], processes: 0, cases: {}, detail };
  }
  const cases = ratios(baseline.cases, candidate.cases);
  const ratio = Math.exp(meanLog(cases));
  return {
    id,
    outcome: verdict(ratio),
    ratio,
    ci: [ratio, ratio],
    processes: 1,
    cases: Object.fromEntries(cases.map(([name, value]) => [name, { ratio: value }])),
    instructions: Math.exp(meanLog(ratios(baseline.instructions, candidate.instructions))),
  };
}

/** Baseline over candidate, of the cases in which both do something. */
function ratios(
  baseline: Readonly<Record<string, number>>,
  candidate: Readonly<Record<string, number>>,
): [string, number][] {
  return Object.entries(baseline).flatMap(([name, amount]): [string, number][] => {
    const other = candidate[name] ?? 0;
    return amount > 0 && other > 0 ? [[name, amount / other]] : [];
  });
}

function meanLog(values: readonly (readonly [string, number])[]): number {
  return values.reduce((sum, [, ratio]) => sum + Math.log(ratio), 0) / values.length;
}

function verdict(ratio: number): 'faster' | 'slower' | 'within-noise' {
  if (ratio > 1 + visibleDifference) return 'faster';
  return ratio < 1 - visibleDifference ? 'slower' : 'within-noise';
}

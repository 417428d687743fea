import { neighbours } from './child/layout.js';
import type { Slice } from './child/protocol.js';
import { medianInterval } from './median-bootstrap.js';

/** Middle value; the mean of the two middle ones for an even count. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? Number.NaN) + upper) / 2;
}

/** Arithmetic mean; NaN without values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface Summary {
  readonly ratio: number;
  readonly ci: readonly [number, number];
}

/**
 * What one process alone can be off by, as a factor: one byte-identical file ran 1.5 times slower until it was copied again. Stands in for
 * the interval when there is nothing to resample.
 */
const singleProcessFactor = 1.5;

/**
 * Ratio and interval of log ratios, one per process: their median with the percentile bootstrap over processes (Efron and Tibshirani 1993,
 * chapter 13), both taken back from the logarithm. Below six processes such an interval is the range of the samples at most and covers less
 * than it says (75 % for three, 94 % for five): good for screening, not for claims.
 */
export function summarise(samples: readonly number[], options: { readonly level?: number } = {}): Summary {
  const ratio = Math.exp(median(samples));
  if (samples.length < 2) return { ratio, ci: [ratio / singleProcessFactor, ratio * singleProcessFactor] };
  const [low, high] = medianInterval(samples, options.level ?? 0.95);
  return { ratio, ci: [Math.exp(low), Math.exp(high)] };
}

/** Log ratios of one process. */
export interface ProcessSample {
  /** Mean over the cases: their geometric mean as a ratio. */
  readonly logRatio: number;
  readonly cases: Readonly<Record<string, number>>;
  /**
   * The same from the 90th percentile of the rounds: what the candidate could reach. Far above `logRatio` where the process was interrupted.
   * Absent where there were no rounds.
   */
  readonly optimistic?: number;
}

/**
 * From the slices of one process to one log ratio (baseline over candidate) per candidate: each slice is paired with the baseline slice beside it; median
 * over the rounds of a case, mean over the cases. Keys of the result are indices of variants; 0 is the baseline.
 */
export function pairSlices(
  rounds: Readonly<Record<string, readonly (readonly Slice[])[]>>,
): Map<number, ProcessSample> {
  const found = new Map<number, { cases: Record<string, number>; best: number[] }>();
  for (const [name, slices] of Object.entries(rounds)) {
    const pairs = new Map<number, number[]>();
    for (const round of slices) {
      const isBaseline = (item: unknown) => Array.isArray(item) && item[0] === 0;
      for (const [place, beside] of neighbours(round, isBaseline)) {
        const [variant, ns] = round[place] ?? [0, Number.NaN];
        const baselineNs = round[beside]?.[1] ?? Number.NaN;
        pairs.set(variant, [...(pairs.get(variant) ?? []), Math.log(baselineNs / ns)]);
      }
    }
    for (const [variant, logRatios] of pairs) {
      const known = found.get(variant) ?? { cases: {}, best: [] };
      known.cases[name] = median(logRatios);
      known.best.push(ninetiethPercentile(logRatios));
      found.set(variant, known);
    }
  }
  return new Map(
    [...found].map(([variant, { cases, best }]) => [
      variant,
      { ...processSample(cases), optimistic: mean(best) },
    ]),
  );
}

/** Nearest rank. */
function ninetiethPercentile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.9 * sorted.length) - 1] ?? Number.NaN;
}

/** One sample from the log ratios of its cases. */
export function processSample(cases: Readonly<Record<string, number>>): ProcessSample {
  return { logRatio: mean(Object.values(cases)), cases };
}

import type { Slice } from './child/protocol.js';
import { meanOfMediansInterval, medianInterval } from './median-bootstrap.js';

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

/**
 * Ratio and interval of several cases: the mean of their medians over processes, with the percentile bootstrap over processes. In some processes one case is
 * slow by up to a factor of two, because of where its data happen to lie; the median of the processes' means had up to three times the error on identical builds.
 * @param cases log ratios of each case, one per process, in the same order of processes
 */
export function summariseCases(cases: readonly (readonly number[])[]): Summary {
  const [first = []] = cases;
  if (cases.length < 2 || first.length < 2)
    return summarise(first.map((_, process) => meanIn(cases, process)));
  const [low, high] = meanOfMediansInterval(cases, 0.95);
  return { ratio: Math.exp(mean(cases.map(median))), ci: [Math.exp(low), Math.exp(high)] };
}

/** Of processes that ran the same cases; otherwise of their means. */
export function summariseProcesses(samples: readonly ProcessSample[]): Summary {
  const names = Object.keys(samples[0]?.cases ?? {});
  const cases = names.map((name) => samples.flatMap((sample) => sample.cases[name] ?? []));
  const isWhole = names.length > 0 && cases.every((one) => one.length === samples.length);
  return isWhole ? summariseCases(cases) : summarise(samples.map(({ logRatio }) => logRatio));
}

function meanIn(cases: readonly (readonly number[])[], process: number): number {
  return mean(cases.map((one) => one[process] ?? Number.NaN));
}

/** Log ratios of one process. */
export interface ProcessSample {
  /** Mean over the cases: their geometric mean as a ratio. */
  readonly logRatio: number;
  readonly cases: Readonly<Record<string, number>>;
}

/**
 * A slice this much longer than the fastest eighth of its variant and case was interrupted: the same calls on the same data take the same time. A shared
 * machine takes the core away for up to half a second, in up to three quarters of all slices.
 */
const interruptedFactor = 1.25;

/**
 * From the slices of one process to one log ratio (baseline over candidate) per candidate: each slice is paired with the round's nearest baseline slice; median
 * over the rounds of a case, mean over the cases. Pairs with an interrupted slice are left out; where fewer than three others remain, the medians of the
 * uninterrupted slices are compared instead. Keys of the result are indices of variants; 0 is the baseline.
 */
export function pairSlices(
  rounds: Readonly<Record<string, readonly (readonly Slice[])[]>>,
): Map<number, ProcessSample> {
  const found = new Map<number, Record<string, number>>();
  for (const [name, slices] of Object.entries(rounds)) {
    const clean = uninterrupted(slices.flat());
    const pairs = new Map<number, number[]>();
    for (const round of slices) {
      for (const [place, [variant, ns]] of round.entries()) {
        if (variant === 0) continue;
        const baselineNs = nearestBaseline(round, place);
        const taken = pairs.get(variant) ?? [];
        const isClean = clean.get(variant)?.has(ns) === true && clean.get(0)?.has(baselineNs) === true;
        pairs.set(variant, isClean ? [...taken, Math.log(baselineNs / ns)] : taken);
      }
    }
    for (const [variant, paired] of pairs) {
      const logRatios =
        paired.length >= 3 ? paired : [Math.log(middle(clean.get(0)) / middle(clean.get(variant)))];
      found.set(variant, { ...found.get(variant), [name]: median(logRatios) });
    }
  }
  return new Map([...found].map(([variant, cases]) => [variant, processSample(cases)]));
}

function nearestBaseline(round: readonly Slice[], from: number): number {
  let [nearest, distance] = [Number.NaN, Number.POSITIVE_INFINITY];
  for (const [place, [variant, ns]] of round.entries()) {
    if (variant !== 0 || Math.abs(place - from) >= distance) continue;
    [nearest, distance] = [ns, Math.abs(place - from)];
  }
  return nearest;
}

/** The times of each variant's uninterrupted slices. */
function uninterrupted(slices: readonly Slice[]): Map<number, Set<number>> {
  const byVariant = new Map<number, number[]>();
  for (const [variant, ns] of slices) byVariant.set(variant, [...(byVariant.get(variant) ?? []), ns]);
  return new Map(
    [...byVariant].map(([variant, all]) => {
      const sorted = all.sort((a, b) => a - b);
      const limit = (sorted[Math.floor((sorted.length - 1) / 8)] ?? 0) * interruptedFactor;
      return [variant, new Set(sorted.filter((ns) => ns <= limit))];
    }),
  );
}

function middle(times: ReadonlySet<number> | undefined): number {
  return median([...(times ?? [])]);
}

/** One sample from the log ratios of its cases. */
export function processSample(cases: Readonly<Record<string, number>>): ProcessSample {
  return { logRatio: mean(Object.values(cases)), cases };
}

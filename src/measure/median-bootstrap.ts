import { seededUniform } from './random.js';

/** A value the median of a resample can take, and how likely it does. */
interface Outcome {
  readonly value: number;
  readonly chance: number;
}

/**
 * Percentile interval of the bootstrap distribution of the median. That distribution is known exactly (Efron 1979, section 3; Maritz and
 * Jarrett 1978), so nothing is drawn at random and the same samples always give the same interval.
 */
export function medianInterval(samples: readonly number[], level: number): readonly [number, number] {
  const sorted = [...samples].sort((a, b) => a - b);
  const outcomes = sorted.length % 2 === 1 ? oddOutcomes(sorted) : evenOutcomes(sorted);
  outcomes.sort((a, b) => a.value - b.value);
  const tail = (1 - level) / 2;
  return [outsideTail(outcomes, tail), outsideTail(outcomes.reverse(), tail)];
}

const resamples = 1000;

/**
 * Percentile interval of the bootstrap distribution of a mean of medians, resampling processes. Not known exactly, so resamples are drawn, from the same
 * seed each time: the same samples always give the same interval.
 * @param cases samples of each case, one per process
 */
export function meanOfMediansInterval(
  cases: readonly (readonly number[])[],
  level: number,
): readonly [number, number] {
  const size = cases[0]?.length ?? 0;
  const ranked = cases.map((samples) =>
    samples.map((value, process) => ({ value, process })).sort((a, b) => a.value - b.value),
  );
  const uniform = seededUniform(1);
  const means = Array.from({ length: resamples }, () => {
    const drawn = new Uint16Array(size);
    for (let draw = 0; draw < size; draw++) {
      const process = Math.floor(uniform() * size);
      drawn[process] = (drawn[process] ?? 0) + 1;
    }
    return ranked.reduce((sum, ranks) => sum + drawnMedian(ranks, drawn), 0) / ranked.length;
  }).sort((a, b) => a - b);
  const outside = Math.floor((resamples * (1 - level)) / 2);
  return [means[outside] ?? Number.NaN, means[resamples - 1 - outside] ?? Number.NaN];
}

/** The median of a resample that holds each process's value as often as it was drawn. */
function drawnMedian(ranked: readonly { value: number; process: number }[], drawn: Uint16Array): number {
  const [lower, upper] = [Math.floor((drawn.length - 1) / 2), Math.floor(drawn.length / 2)];
  let [passed, low] = [0, Number.NaN];
  for (const { value, process } of ranked) {
    passed += drawn[process] ?? 0;
    if (Number.isNaN(low) && passed > lower) low = value;
    if (passed > upper) return (low + value) / 2;
  }
  return Number.NaN;
}

/** The first value at which the summed chances reach the tail. */
function outsideTail(outcomes: readonly Outcome[], tail: number): number {
  let sum = 0;
  for (const { value, chance } of outcomes) {
    sum += chance;
    if (sum >= tail) return value;
  }
  return Number.NaN;
}

/** With 2m + 1 samples the median is at most the k-th smallest when more than m draws are. */
function oddOutcomes(sorted: readonly number[]): Outcome[] {
  const size = sorted.length;
  const atMost = rankChances(size, (size + 1) / 2);
  return sorted.map((value, index) => ({ value, chance: (atMost[index + 1] ?? 0) - (atMost[index] ?? 0) }));
}

/**
 * With 2m samples the median lies midway between the two middle draws. They are the i-th and the j-th smallest (i < j) when m draws are at most
 * the i-th, one of them equal, and the other m at least the j-th, one of them equal.
 */
function evenOutcomes(sorted: readonly number[]): Outcome[] {
  const size = sorted.length;
  const half = size / 2;
  const atMost = rankChances(size, half);
  // Chance that m draws lie within the k smallest and one of them is the k-th.
  const within = (rank: number) => (rank / size) ** half - ((rank - 1) / size) ** half;
  const splits = binomials(size)[half] ?? 0;
  const outcomes: Outcome[] = [];
  for (let lower = 1; lower <= size; lower++) {
    let both = (atMost[lower] ?? 0) - (atMost[lower - 1] ?? 0);
    const low = sorted[lower - 1] ?? Number.NaN;
    for (let upper = lower + 1; upper <= size; upper++) {
      const chance = splits * within(lower) * within(size - upper + 1);
      outcomes.push({ value: (low + (sorted[upper - 1] ?? Number.NaN)) / 2, chance });
      both -= chance;
    }
    outcomes.push({ value: low, chance: Math.max(0, both) });
  }
  return outcomes;
}

/** For k from 0 to `size`, the chance that at least `wanted` of `size` draws are among the k smallest: a binomial tail. */
function rankChances(size: number, wanted: number): number[] {
  const ways = binomials(size);
  return Array.from({ length: size + 1 }, (_, rank) => {
    const share = rank / size;
    let sum = 0;
    for (let hits = wanted; hits <= size; hits++) {
      sum += (ways[hits] ?? 0) * share ** hits * (1 - share) ** (size - hits);
    }
    return sum;
  });
}

/** Ways to choose 0, 1, ... `size` out of `size`. */
function binomials(size: number): number[] {
  const ways = [1];
  for (let chosen = 1; chosen <= size; chosen++) {
    ways.push(((ways[chosen - 1] ?? 0) * (size - chosen + 1)) / chosen);
  }
  return ways;
}

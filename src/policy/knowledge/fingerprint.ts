import type { AssemblyFacts, HotFunction } from '../../evidence/types.js';
import { probes } from './probes.js';

/** What is counted in the hot code. */
const features = [
  'instructions',
  'bytes',
  'vector',
  'calls',
  'branches',
  'cmov',
  'stackAccesses',
] as const satisfies readonly (keyof AssemblyFacts)[];

/** Mean counts over the hot functions, weighted by their time. */
export type CodeCounts = readonly number[];

/**
 * How hot code reacts to the probes: for each probe and feature the logarithm of its count over that under plain -O3.
 * Numbers only; they tell nothing of names or source.
 */
export type Fingerprint = readonly number[];

export const fingerprintLength: number = probes.length * features.length;
/** Largest reaction that counts, either way: a factor of 7.4. */
export const strongest = 2;
/** Added to every count, so that nothing is divided by 0 and a few instructions more or less weigh little. */
const smoothing = 4;
/** Sum of reactions below which there is nothing to compare. */
const leastReaction = 0.5;

/** Functions that the compiler inlined away under a probe count nothing there. */
export function countsOf(
  units: readonly { readonly hot: readonly HotFunction[]; readonly code: readonly AssemblyFacts[] }[],
): CodeCounts {
  const sums = features.map(() => 0);
  let time = 0;
  for (const { hot, code } of units) {
    const byName = new Map(code.map((facts) => [facts.function, facts]));
    for (const { name, share } of hot) {
      time += share;
      const facts = byName.get(name);
      for (const [index, feature] of features.entries()) {
        sums[index] = (sums[index] ?? 0) + share * (facts?.[feature] ?? 0);
      }
    }
  }
  return sums.map((sum) => (time > 0 ? sum / time : 0));
}

/**
 * Characterises code by its reactions to a fixed set of compiler settings, as Cavazos et al., "Automatic Performance Model
 * Construction for the Fast Software Exploration of New Hardware Designs" (CASES 2006), do with run times; here static
 * counts react, so that nothing has to be run. Undefined where the code hardly reacts.
 * @param probed counts under each of `probes`, in their order
 */
export function fingerprintOf(plain: CodeCounts, probed: readonly CodeCounts[]): Fingerprint | undefined {
  const fingerprint = probed.flatMap((counts) =>
    counts.map((count, index) => {
      const reaction = Math.log((count + smoothing) / ((plain[index] ?? 0) + smoothing));
      return Number(Math.min(strongest, Math.max(-strongest, reaction)).toFixed(3));
    }),
  );
  const total = fingerprint.reduce((sum, reaction) => sum + Math.abs(reaction), 0);
  return fingerprint.length === fingerprintLength && total >= leastReaction ? fingerprint : undefined;
}

/**
 * 1 for equal fingerprints, 0 where they have nothing in common: 1 minus the dissimilarity of Bray and Curtis (1957), the sum
 * of differences over the sum of magnitudes. Needs no statistics of a training set, which a small base has not got.
 */
export function similarity(one: Fingerprint, other: Fingerprint): number {
  let difference = 0;
  let magnitude = 0;
  for (const [index, reaction] of one.entries()) {
    const second = other[index] ?? 0;
    difference += Math.abs(reaction - second);
    magnitude += Math.abs(reaction) + Math.abs(second);
  }
  return magnitude === 0 ? 0 : 1 - difference / magnitude;
}

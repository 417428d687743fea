import { median } from '../../measure/statistics.js';

/** Fewer distinct estimates than this tell nothing about their scatter. */
const fewest = 4;
/** Assumed where nothing is known, in percent. */
const usual = 1;
/** Standard deviation over median absolute deviation of normal numbers. */
const perMad = 1.4826;
/** The best of a dozen estimates that are nothing but noise lies about this many standard deviations above the truth. */
const bestOfMany = 1.5;

/**
 * What the best of many trials seems to gain for one part of the code by chance, in percent. Most levers do nothing to most functions, so their estimates lie
 * around what the part has under -O3 or under the incumbent, and how far is the noise.
 * @param estimates all trials' gains of the part over -O3, in percent
 * @param base that of the incumbent
 */
export function gainByChance(estimates: readonly number[], base: number): number {
  const distances = [...new Set(estimates)].map((one) => Math.min(Math.abs(one), Math.abs(one - base)));
  return bestOfMany * (distances.length < fewest ? usual : perMad * median(distances));
}

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
 * What is left of the gain of one part of the code after what the best of many trials has by chance. Most levers do nothing to most functions, so their
 * estimates lie around what the part has under -O3 or under the incumbent, and how far is the noise.
 * @param gain over the incumbent, in percent
 * @param estimates all trials' gains of the part over -O3, in percent
 * @param base that of the incumbent
 */
export function beyondChance(gain: number, estimates: readonly number[], base: number): number {
  const distances = [...new Set(estimates)].map((one) => Math.min(Math.abs(one), Math.abs(one - base)));
  const scatter = distances.length < fewest ? usual : perMad * median(distances);
  return gain - bestOfMany * scatter;
}

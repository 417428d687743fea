import type { VariantResult } from '../measure/types.js';

/** Smallest floor: half a percent of placement luck is seen even on steady addons. */
const least = 0.003;

/**
 * What placebos showed: the same objects linked in another order. No gain below their typical effect is believed
 * during the search.
 */
export class NoiseFloor {
  /** With one to begin with: a single placebo, where processes differ by 10 %, would keep every gain of the first batch out. */
  private readonly effects = [Math.log1p(least)];

  /** @param ratio a placebo's measured ratio; 1 means no effect. */
  add(ratio: number): void {
    if (Number.isFinite(ratio) && ratio > 0) this.effects.push(Math.abs(Math.log(ratio)));
  }

  /** Median placebo effect (the lower one of two) as a ratio minus 1, at least 0.003. */
  get value(): number {
    const sorted = [...this.effects].sort((a, b) => a - b);
    const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
    return Math.max(least, Math.expm1(middle));
  }
}

/** Whether a measured candidate is faster than its baseline, by its interval and beyond the noise floor (a ratio minus 1). */
export function isGain(result: VariantResult | undefined, noiseFloor: number): boolean {
  return (
    result !== undefined && result.outcome !== 'failed' && result.ci[0] > 1 && result.ratio > 1 + noiseFloor
  );
}

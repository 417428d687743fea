import type { VariantResult } from '../measure/types.js';
import type { Ratio } from './result.js';

/** Neither faster nor slower. */
export const even: Ratio = { ratio: 1, ci: [1, 1] };

/** What linking the same objects in another order did to the very samples that the claim rests on. */
export function placeboEffect(result: VariantResult | undefined): number {
  return result === undefined || result.outcome === 'failed'
    ? 0
    : Math.expm1(Math.abs(Math.log(result.ratio)));
}

/** A candidate's ratio to the final build, seen from the other side. */
export function invert(result: VariantResult | undefined): Ratio {
  if (result === undefined || result.outcome === 'failed') return even;
  return { ratio: 1 / result.ratio, ci: [1 / result.ci[1], 1 / result.ci[0]] };
}

/** Of gains in code of which each has nothing to do with the other's; the intervals' halves add up as independent errors do. */
export function product(one: Ratio, other: Ratio): Ratio {
  const ratio = one.ratio * other.ratio;
  const half = (side: 0 | 1): number =>
    Math.hypot(...[one, other].map((part) => Math.log(part.ci[side] / part.ratio)));
  return { ratio, ci: [ratio * Math.exp(-half(0)), ratio * Math.exp(half(1))] };
}

/**
 * The interval with the noise floor on both sides: resampling processes tells nothing of what another order of linking
 * would have given, and who measures again gets another one.
 */
export function widened({ ratio, ci }: Ratio, noiseFloor: number): Ratio {
  return { ratio, ci: [ci[0] / (1 + noiseFloor), ci[1] * (1 + noiseFloor)] };
}

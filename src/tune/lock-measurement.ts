import type { LockMeasurement } from '../lock/types.js';
import type { Ratio } from './result.js';

/** What the lock says of a measurement: the unit over plain -O3 and over the stock compiler, to four decimals. */
export function lockMeasurement(
  { vsO3, vsStock }: { readonly vsO3: Ratio; readonly vsStock: Ratio },
  facts: Pick<LockMeasurement, 'noiseFloor' | 'sameInputs' | 'estimate'>,
): LockMeasurement {
  return {
    speedup: round(vsO3.ratio),
    ci: [round(vsO3.ci[0]), round(vsO3.ci[1])],
    vsStock: round(vsStock.ratio),
    vsStockCi: [round(vsStock.ci[0]), round(vsStock.ci[1])],
    ...facts,
    noiseFloor: round(facts.noiseFloor),
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** What the allocation looks at of one translation unit. */
export interface UnitProgress {
  /** Share of the time spent in the addon, 0 to 1. */
  readonly share: number;
  readonly trials: number;
  /** Trials since the unit last gained. */
  readonly sinceGain: number;
  readonly exhausted: boolean;
}

/**
 * Index of the translation unit that gets the next batch: the largest share of time, divided by the trials it has
 * already had and by how long it has brought nothing. Undefined when every unit is exhausted.
 */
export function nextUnit(units: readonly UnitProgress[]): number | undefined {
  let best: { index: number; value: number } | undefined;
  for (const [index, unit] of units.entries()) {
    if (unit.exhausted) continue;
    const value = unit.share / (1 + unit.trials / 8) / (1 + unit.sinceGain / 16);
    if (best === undefined || value > best.value) best = { index, value };
  }
  return best?.index;
}

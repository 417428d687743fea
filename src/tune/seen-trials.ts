import { type CaseShares, joinShares, partEffects } from '../evidence/case-effects.js';
import type { HotFunction } from '../evidence/types.js';
import type { PolicyTrial, SeenTrial } from '../policy/types.js';
import type { TunedUnit } from './units.js';

/** The units' share of each case's time; empty where nothing was sampled. */
export function caseShares(units: readonly TunedUnit[]): CaseShares {
  return sharesOf(units.flatMap(({ evidence }) => evidence.hot));
}

/** The functions' share of each case's time. */
export function sharesOf(functions: readonly HotFunction[]): CaseShares {
  return joinShares(functions.map(({ cases = {} }) => cases));
}

/** Trials with what they did to the code of some units, as far as the times of the cases tell. */
export function seenTrials(
  own: readonly TunedUnit[],
  all: readonly TunedUnit[],
  trials: readonly PolicyTrial[],
): readonly SeenTrial[] {
  const whole = caseShares(own);
  if (Object.keys(whole).length === 0) return trials;
  const others = all.filter((unit) => !own.includes(unit)).map((unit) => caseShares([unit]));
  const hot = own.flatMap(({ evidence }) => evidence.hot);
  return trials.map((trial): SeenTrial => {
    if (trial.cases === undefined) return trial;
    const [inUnit = 0] = partEffects([whole, ...others], trial.cases);
    const effects = partEffects([...hot.map(({ cases = {} }) => cases), ...others], trial.cases);
    const functions = hot.map(({ name }, index) => [name, Math.exp(effects[index] ?? 0)]);
    return { ...trial, inUnit: Math.exp(inUnit), functions: Object.fromEntries(functions) };
  });
}

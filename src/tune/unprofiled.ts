import { profileLeverOf } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';
import type { SeenTrial } from '../policy/types.js';
import type { Scope } from './scopes.js';
import { seenTrials } from './seen-trials.js';
import type { TunedUnit } from './units.js';

/**
 * What was fastest in a unit without a profile, of all that was confirmed faster in the search; plain -O3 where nothing was. A profile knows the inputs that
 * it was counted on: beside it this shows on others.
 */
export function bestUnprofiled(
  unit: TunedUnit,
  units: readonly TunedUnit[],
  scopes: readonly Scope[],
): Configuration {
  const trials = scopes
    .filter((scope) => scope.units.includes(unit))
    .flatMap(({ history }) => seenTrials([unit], units, history));
  const faster = trials.filter(
    ({ outcome, configuration }) =>
      outcome === 'faster' && profileLeverOf(configuration) === undefined && !('lto-thin' in configuration),
  );
  const gainOf = ({ inUnit, speedup = 1 }: SeenTrial): number => inUnit ?? speedup;
  const [best] = faster.sort((a, b) => gainOf(b) - gainOf(a));
  return best !== undefined && gainOf(best) > 1 ? best.configuration : {};
}

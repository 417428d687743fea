import { AutoPassError } from '../errors.js';
import { createExpert } from './expert/expert.js';
import { createEnsemble } from './search/ensemble.js';
import { createGenetic } from './search/genetic.js';
import { createRandom } from './search/random.js';
import type { Policy } from './types.js';

/** Makes a policy. The seed matters only to those that draw random numbers. */
export type PolicyFactory = (seed: number) => Policy;

/** Policies by the name used in configs and on the command line. */
export const policies: ReadonlyMap<string, PolicyFactory> = new Map<string, PolicyFactory>([
  ['expert', () => createExpert()],
  ['random', createRandom],
  ['genetic', createGenetic],
  ['ensemble', createEnsemble],
]);

/** Throws `UNKNOWN_POLICY` for a name that is not registered. */
export function createPolicy(name: string, seed: number): Policy {
  const factory = policies.get(name);
  if (factory === undefined) {
    throw new AutoPassError('UNKNOWN_POLICY', `there is no policy named ${JSON.stringify(name)}`, {
      hint: `use one of: ${[...policies.keys()].join(', ')}`,
    });
  }
  return factory(seed);
}

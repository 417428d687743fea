import type { Policy } from '../types.js';
import { collectProposals, drawConfiguration, momentOf, scalarSettings, streamOf } from './space.js';

/**
 * The honest baseline: 1 to 6 levers drawn uniformly, with a uniform value each, out of all scalar levers that the
 * target and the gates allow. Neither evidence nor outcomes are looked at. The same seed, unit and history length
 * give the same proposals.
 */
export function createRandom(seed: number): Policy {
  return {
    name: 'random',
    async propose(input) {
      const settings = scalarSettings(input);
      const stream = `${seed}:${momentOf(input)}`;
      return collectProposals(input, (_, attempt) => ({
        configuration: drawConfiguration(settings, streamOf(`${stream}:${attempt}`)),
        how: 'drawn at random',
        origin: 'random',
      }));
    },
  };
}

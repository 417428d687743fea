import type { Configuration } from '../../levers/types.js';
import type { Policy, PolicyInput } from '../types.js';
import { type Member, population, tournament } from './population.js';
import {
  collectProposals,
  type Draft,
  drawConfiguration,
  momentOf,
  profileDraft,
  type Setting,
  settingsWithProfiles,
  streamOf,
} from './space.js';
import { cross, mutate } from './variation.js';

/** Trials before anything is bred. */
const founders = 12;
const populationSize = 8;
const crossoverChance = 0.6;
/** Of a further mutation after the first. */
const anotherMutation = 0.3;

/**
 * A steady-state genetic search over sets of levers. The first trials are the session's profiles and random draws;
 * afterwards the fittest eight of everything measured breed: tournaments of three, uniform crossover, mutation. The
 * fittest stay until something beats them. It keeps no state: population and random numbers follow from the history and
 * the seed, so a resumed session goes on as if nothing had happened.
 */
export function createGenetic(seed: number): Policy {
  return {
    name: 'genetic',
    async propose(input) {
      const settings = settingsWithProfiles(input);
      const members = population(input, populationSize);
      const known = trialsSoFar(input);
      return collectProposals(input, (place, attempt): Draft => {
        const profile = profileDraft(input, attempt);
        if (profile !== undefined) return { ...profile, origin: 'genetic' };
        const uniform = streamOf(`${seed}:genetic:${momentOf(input)}:${attempt}`);
        const isFounder = known + place < founders;
        return {
          configuration: isFounder
            ? drawConfiguration(settings, uniform)
            : offspring(members, settings, uniform),
          how: isFounder ? 'of the first generation, drawn at random' : 'bred from the fittest',
          origin: 'genetic',
        };
      });
    },
  };
}

/** A child of two members, or a mutated copy of one. */
export function offspring(
  members: readonly Member[],
  settings: readonly Setting[],
  uniform: () => number,
): Configuration {
  const mother = tournament(members, uniform);
  const isCrossed = uniform() < crossoverChance;
  let child = isCrossed ? cross(mother, tournament(members, uniform), uniform) : mother;
  if (!isCrossed || uniform() < 0.5) child = mutate(child, settings, uniform);
  while (uniform() < anotherMutation) child = mutate(child, settings, uniform);
  return child;
}

function trialsSoFar({ addonTrials = [], history }: PolicyInput): number {
  return addonTrials.length + history.length;
}

import type { Configuration } from '../../levers/types.js';
import type { Policy, PolicyInput } from '../types.js';
import { nextTechnique, type Use } from './credit.js';
import { offspring } from './genetic.js';
import { fitnessOf, type Member, population, tournament } from './population.js';
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
import { mutate, mutateGroup, shift } from './variation.js';

interface Technique {
  readonly how: string;
  readonly draw: (
    members: readonly Member[],
    settings: readonly Setting[],
    uniform: () => number,
  ) => Configuration;
}

const populationSize = 12;
/** Of each difference between two members to be carried over; the usual choice in differential evolution. */
const shiftChance = 0.9;

const techniques: Readonly<Record<string, Technique>> = {
  climb: {
    how: 'one step from the best',
    draw: (members, settings, uniform) => mutate(best(members), settings, uniform),
  },
  genetic: { how: 'bred from the fittest', draw: offspring },
  difference: { how: 'the best, shifted by what tells two others apart', draw: shifted },
  group: {
    how: 'one group of levers drawn anew in one of the fittest',
    draw: (members, settings, uniform) => mutateGroup(tournament(members, uniform), settings, uniform),
  },
  random: {
    how: 'drawn at random',
    draw: (_, settings, uniform) => drawConfiguration(settings, uniform),
  },
};
const names = Object.keys(techniques);

/**
 * Several techniques that share one history and compete for the right to propose, as in OpenTuner: whoever improved the
 * best lately is asked more often. The origin of a proposal names the technique. It keeps no state: successes are
 * counted again from the history each time.
 */
export function createEnsemble(seed: number): Policy {
  return {
    name: 'ensemble',
    async propose(input) {
      const settings = settingsWithProfiles(input);
      const members = population(input, populationSize);
      const uses = pastUses(input);
      return collectProposals(input, (_, attempt): Draft | undefined => {
        const profile = profileDraft(input, attempt);
        if (profile !== undefined) return { ...profile, origin: 'ensemble:profile' };
        const name = nextTechnique(names, uses);
        const technique = name === undefined ? undefined : techniques[name];
        if (name === undefined || technique === undefined) return undefined;
        // Until it is measured a proposal counts as a failure, which keeps a batch diverse.
        uses.push({ technique: name, improved: false });
        const uniform = streamOf(`${seed}:ensemble:${momentOf(input)}:${attempt}`);
        const configuration = technique.draw(members, settings, uniform);
        return { configuration, how: technique.how, origin: `ensemble:${name}` };
      });
    },
  };
}

/** Who proposed what so far, and whether it was better than everything before. */
function pastUses({ addonTrials = [], history }: PolicyInput): Use[] {
  let highest = Math.max(0, ...addonTrials.map((trial) => fitnessOf(trial) ?? 0));
  return history.map((trial) => {
    const fitness = fitnessOf(trial) ?? Number.NEGATIVE_INFINITY;
    const improved = fitness > highest;
    highest = Math.max(highest, fitness);
    return { technique: trial.origin.replace(/^ensemble:/, ''), improved };
  });
}

function best(members: readonly Member[]): Configuration {
  return members[0]?.configuration ?? {};
}

function shifted(members: readonly Member[], _: readonly Setting[], uniform: () => number): Configuration {
  const others = [tournament(members, uniform), tournament(members, uniform)] as const;
  return shift(best(members), others, shiftChance, uniform);
}

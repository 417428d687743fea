import { configurationKey } from '../../levers/configuration-key.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyInput, SeenTrial } from '../types.js';
import { describe, type Idea, merged, percentOf } from './idea.js';
import { gainByChance } from './scatter.js';

/** Gain of the file's own code over that of the incumbent, in percent beyond what chance gives, from which it is worth a trial of its own. */
const worthwhile = 0.5;
/** Estimates from the times of cases are this reliable. */
const reliability = 0.7;
const singles = 3;

interface Own {
  readonly trial: SeenTrial;
  /** Percent over the incumbent, beyond what chance gives. */
  readonly gain: number;
}

/**
 * What made this file's code faster while it was on all hot files, whatever it did to the others: the cases that spend their time in this file tell. One
 * file's gain is often another one's loss, and their mean hides both.
 */
export function ownIdeas({ scope, incumbent, addonTrials = [] }: PolicyInput): Idea[] {
  if (scope !== 'unit') return [];
  const known = addonTrials.flatMap((trial) =>
    trial.inUnit === undefined || trial.outcome === 'incorrect' || trial.outcome === 'failed'
      ? []
      : [{ trial, percent: percentOf(trial.inUnit) }],
  );
  const held = configurationKey(incumbent);
  const base = known.find(({ trial }) => configurationKey(trial.configuration) === held)?.percent ?? 0;
  const chance = gainByChance(
    known.map(({ percent }) => percent),
    base,
  );
  const winners = known
    .map(({ trial, percent }): Own => ({ trial, gain: percent - base - chance }))
    .filter(({ gain }) => gain > worthwhile)
    .sort((a, b) => b.gain - a.gain)
    .slice(0, singles);
  const plain = plainIdea(incumbent, -base, -base - chance);
  const [first, ...others] = winners;
  if (first === undefined) return plain;
  const pairs = others.flatMap((other): Idea[] => {
    const joined = merged(first.trial.configuration, other.trial.configuration);
    return joined === undefined ? [] : [idea([first, other], joined, first.gain + other.gain / 3)];
  });
  return [...winners.map((own) => idea([own], own.trial.configuration, own.gain)), ...pairs, ...plain];
}

/** Plain -O3 for a file that became slower by what won on all files. */
function plainIdea(incumbent: Configuration, loss: number, gain: number): Idea[] {
  if (gain <= worthwhile) return [];
  return [
    {
      configuration: {},
      value: reliability * gain,
      theme: 'combination',
      reason: `with ${describe(incumbent)} on all hot files the cases that run this file became ${loss.toFixed(0)} % slower there: plain -O3 may be right for this file`,
      origin: 'own:plain',
    },
  ];
}

function idea(parts: readonly Own[], configuration: Idea['configuration'], gain: number): Idea {
  const [first] = parts;
  const measured = parts.map(
    ({ trial }) =>
      `with ${describe(trial.configuration)} on all hot files the cases that run this file were ${trial.inUnit?.toFixed(3)} times as fast there, all cases ${trial.speedup?.toFixed(3)}`,
  );
  return {
    configuration,
    value: reliability * gain,
    theme: 'combination',
    reason: `${measured.join(', and ')}: it may be right for this file alone`,
    origin: `own:${first?.trial.origin.split(':').at(-1)}`,
  };
}

import { type ClangProfileLever, clangProfileLevers } from '../../levers/profiles.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyInput } from '../types.js';
import { type Facts, type HotCode, percent } from './facts.js';
import { isSettled } from './first-ideas.js';
import type { Idea } from './idea.js';

/** Before everything else: what wins later is built on it. */
const first = 1_000;
/** On one unit, after it was tried on all of them. */
const again = 0.8;
/** The same where the cases that run this unit's code did not gain then. */
const lastResort = 0.2;

/** Every profile for clang of the session on top of the incumbent, once; afterwards only combinations with it can win. */
export function profileIdeas(input: PolicyInput, facts: Facts): Idea[] {
  const { profiles = [], incumbent, history, addonTrials = [] } = input;
  return profiles.flatMap((profile): Idea[] => {
    const lever = clangProfileLevers.find((id) => id in profile);
    if (lever === undefined || lever in incumbent) return [];
    if (history.some(({ configuration }) => lever in configuration)) return [];
    if (!isDue(lever, input)) return [];
    const isKnown = addonTrials.some(({ configuration }) => lever in configuration);
    return [
      {
        configuration: { ...withoutProfile(incumbent), ...profile },
        value: isSettled(profile, addonTrials) ? lastResort : isKnown ? again : first,
        theme: 'combination',
        reason: `${guesses(facts)}${reasons[lever]}`,
        origin: 'profile',
      },
    ];
  });
}

/** The second count holds the first one: where that is known to lose, so will this. Samples only stand in for counts that did not win. */
function isDue(lever: ClangProfileLever, { profiles = [], history, addonTrials = [] }: PolicyInput): boolean {
  if (lever === 'pgo-ir' || !profiles.some((profile) => 'pgo-ir' in profile)) return true;
  const outcomes = [...history, ...addonTrials]
    .filter(({ configuration }) => 'pgo-ir' in configuration)
    .map(({ outcome }) => outcome);
  const won = outcomes.includes('faster');
  const isKnown = outcomes.length > 0;
  return lever === 'pgo-cs' ? !isKnown || won || outcomes.includes('within-noise') : isKnown && !won;
}

/** More guesses than this say no more about a function. */
const manyGuesses = 40;

/** What -O3 has to guess without a profile, in the function where that matters most, as the start of a sentence. */
export function guesses({ code }: Facts): string {
  const guessed = ({ code: { branches, calls }, share }: HotCode): number =>
    share * Math.min(branches + calls, manyGuesses);
  const [most] = [...code].sort((a, b) => guessed(b) - guessed(a));
  if (most === undefined) return '';
  const { function: name, branches, calls } = most.code;
  const share = percent(most.share);
  return `${name} (${share} of the time) has ${branches} conditional branches and ${calls} calls whose frequencies -O3 guesses: `;
}

const reasons = {
  'pgo-ir':
    'branch weights, call counts and call targets from the bench: block placement, inlining and unrolling by real frequencies',
  'pgo-cs':
    'the bench counted again after inlining, so that every inlined copy of a function has weights of its own',
  'pgo-sample':
    'samples of the bench say roughly how often every block runs, without the counters that change the code which is counted',
};

export function withoutProfile(configuration: Configuration): Configuration {
  return Object.fromEntries(
    Object.entries(configuration).filter(([id]) => !(clangProfileLevers as readonly string[]).includes(id)),
  );
}

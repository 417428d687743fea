import { catalogue } from '../../levers/catalogue.js';
import { gccLevel, isForGcc } from '../../levers/gcc.js';
import { gccProfile } from '../../levers/profiles.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyInput, SeenTrial } from '../types.js';
import type { Facts } from './facts.js';
import { describe, type Idea, merged, percentOf } from './idea.js';
import { guesses } from './profile-idea.js';

/** Before the first trial: what it tells decides about all others of gcc. */
const first = 3;
/** A level below -O3 is a reason of its own. */
const firstFromBelow = 5;
/** In percent: what gcc's best may be behind clang's for its levers to be worth nothing. */
const outOfReach = 3;
/** In percent: a lead of gcc from which its levers are worth twice as much. */
const clearLead = 5;
/** Compression, hashing and parsing gained 0 to 7 percent by it. */
const profilePrior = 2.5;
/** As above: it can bring more than the other levers. */
const profileReach = 8;

interface Edit {
  readonly edit: Configuration;
  /** Expected gain in percent, times its probability, where gcc's code is level with clang's. */
  readonly prior: number;
  readonly effect: string;
}

const edits: readonly Edit[] = [
  {
    edit: { 'gcc:fno-schedule-insns2': true },
    prior: 1.2,
    effect:
      'instructions stay in the order in which registers were assigned; the processor reorders them itself',
  },
  {
    edit: { 'gcc:fomit-frame-pointer': true },
    prior: 1.1,
    effect: 'one register more is free, which the flags of Node addons keep for frame pointers',
  },
  {
    edit: { 'gcc:frename-registers': true },
    prior: 0.9,
    effect: 'registers that are left over break false dependences',
  },
  {
    edit: { 'gcc:fschedule-insns': true },
    prior: 0.8,
    effect: 'independent chains are interleaved before registers are assigned',
  },
  {
    edit: { 'gcc:fno-tree-vectorize': true },
    prior: 0.8,
    effect: 'short loops lose the set-up and the tails of vectors',
  },
  {
    edit: { [gccLevel]: '-O2' },
    prior: 0.5,
    effect: 'less is unrolled, copied and specialised: smaller code',
  },
  { edit: { 'gcc:funroll-loops': true }, prior: 0.4, effect: 'fewer branches and counters in small loops' },
];

/**
 * What the project's own compiler could make of the code: its -O3 first, and where that is not far behind the best of clang, its levers on top of the
 * best of its own.
 */
export function gccIdeas(input: PolicyInput, facts: Facts): Idea[] {
  if (!input.gcc) return [];
  const trials = [...(input.addonTrials ?? []), ...input.history].filter(isMeasured);
  const best = bestOf(trials.filter(({ configuration }) => isForGcc(configuration)));
  if (best === undefined) return [firstIdea(facts)];
  const clang = bestOf(
    trials.filter(({ configuration, outcome }) => outcome === 'faster' && !isForGcc(configuration)),
  );
  const lead = gainOf(best) - Math.max(0, clang === undefined ? 0 : gainOf(clang));
  const profile = profileIdea(input, facts, best, lead);
  const worth = lead < 0 ? Math.max(0, 1 + lead / outOfReach) : 1 + Math.min(lead, clearLead) / clearLead;
  if (worth === 0) return profile;
  const measured = `gcc with ${describe(best.configuration)} measured ${best.speedup?.toFixed(3)}, the best of clang ${(clang?.speedup ?? 1).toFixed(3)}`;
  const others = [...edits, ...tuning(facts)].flatMap(({ edit, prior, effect }): Idea[] => {
    const { [gccLevel]: level, ...rest } = best.configuration;
    const configuration =
      gccLevel in edit ? { ...rest, ...edit } : merged({ ...rest, [gccLevel]: level ?? '-O3' }, edit);
    if (configuration === undefined) return [];
    return [
      {
        configuration,
        value: prior * worth,
        theme: 'tuning',
        reason: `${measured}: ${describe(edit)}, so that ${effect}`,
        origin: 'gcc',
      },
    ];
  });
  return [...profile, ...others];
}

/** The profile counted with gcc's code, on top of the best of gcc. */
function profileIdea({ profiles = [] }: PolicyInput, facts: Facts, best: SeenTrial, lead: number): Idea[] {
  const profile = profiles.find((one) => gccProfile in one);
  const configuration = profile && merged(best.configuration, profile);
  if (configuration === undefined) return [];
  return [
    {
      configuration,
      value: profilePrior * Math.max(0, 1 + Math.min(0, lead) / profileReach),
      theme: 'combination',
      reason: `${guesses(facts)}gcc with ${describe(best.configuration)} measured ${best.speedup?.toFixed(3)}, and may be faster with branch weights and call counts from the bench`,
      origin: 'gcc:profile',
    },
  ];
}

function firstIdea({ ownLevel }: Facts): Idea {
  const isBelow = ownLevel !== undefined && ownLevel !== '3';
  const because = isBelow ? `the project compiles with gcc -O${ownLevel}` : 'the project compiles with gcc';
  return {
    configuration: { [gccLevel]: '-O3' },
    value: isBelow ? firstFromBelow : first,
    theme: 'combination',
    reason: `${because}: its code at -O3 shows whether its own levers can win here`,
    origin: 'gcc',
  };
}

function tuning({ cpu }: Facts): Edit[] {
  const known = catalogue.get('gcc:mtune-x86')?.values ?? [];
  if (cpu === undefined || !known.includes(cpu)) return [];
  return [{ edit: { 'gcc:mtune-x86': cpu }, prior: 0.7, effect: `costs are those of ${cpu}` }];
}

function isMeasured({ speedup, outcome }: SeenTrial): boolean {
  return speedup !== undefined && outcome !== 'incorrect' && outcome !== 'failed';
}

/** Over -O3 in percent; of one of several files that of its own code. */
function gainOf({ inUnit, speedup = 1 }: SeenTrial): number {
  return percentOf(inUnit ?? speedup);
}

function bestOf(trials: readonly SeenTrial[]): SeenTrial | undefined {
  return [...trials].sort((a, b) => gainOf(b) - gainOf(a))[0];
}

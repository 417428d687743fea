import { isDeepStrictEqual } from 'node:util';
import { catalogue } from '../../levers/catalogue.js';
import { gccLevel, isForGcc } from '../../levers/gcc.js';
import { gccProfile } from '../../levers/profiles.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyInput, SeenTrial } from '../types.js';
import type { Facts } from './facts.js';
import { followUps } from './follow-ups.js';
import { describe, type Idea, merged, percentOf } from './idea.js';
import { lessonsOf } from './lessons.js';
import { guesses } from './profile-idea.js';

/** Before the first trial: what it tells decides about all others of gcc. */
const first = 3;
/** A level below -O3 is a reason of its own. */
const firstFromBelow = 5;
/** In percent: what gcc's best may be behind clang's for its levers to be worth nothing. */
const outOfReach = 5;
/** In percent: a lead of gcc that doubles what its levers are worth, and one from which they are worth no more than that. */
const [halfLead, clearLead] = [5, 10];
/** Compression, hashing and parsing gained 0 to 7 percent by it. */
const profilePrior = 2.5;
/** After the profiles for clang, and before everything else. */
const profileFirst = 500;
/** Of a lever on top of the second best, which has a profile where the best has none, or none. */
const onSecond = 0.8;
/** As above: it can bring more than the other levers. */
const profileReach = 25;

interface Edit {
  readonly edit: Configuration;
  /** Expected gain in percent, times its probability, where gcc's code is level with clang's. */
  readonly prior: number;
  readonly effect: string;
  /** It takes back what a profile brings with it. */
  readonly besideProfile?: true;
}

const edits: readonly Edit[] = [
  {
    edit: { 'gcc:fno-unroll-loops': true },
    prior: 1.4,
    effect: 'loops stay as short as without the profile, which has gcc unroll them',
    besideProfile: true,
  },
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
  {
    edit: { 'gcc:falign-loops': 64 },
    prior: 0.5,
    effect: 'small loops lie in one line of the cache',
  },
  {
    edit: { 'gcc:fno-split-loops': true },
    prior: 0.5,
    effect: 'loops are not copied for a condition that changes once',
  },
  {
    edit: { 'gcc:fno-gcse-after-reload': true },
    prior: 0.5,
    effect: 'loads of spilled values stay where they are',
  },
  { edit: { 'gcc:funroll-loops': true }, prior: 0.4, effect: 'fewer branches and counters in small loops' },
];

/**
 * What the project's own compiler could make of the code: its -O3 first, and where that is not far behind the best of clang, its levers on top of the
 * best of its own, and combinations of those that won.
 */
export function gccIdeas(input: PolicyInput, facts: Facts): Idea[] {
  const { gcc, history, addonTrials = [], evidence } = input;
  if (!gcc) return [];
  const { best, clang, lead } = standingOf(input);
  if (best === undefined) return [firstIdea(facts), ...profileIdea(input, facts)];
  const own = history.filter(isByGcc);
  const onAll = addonTrials.filter(isByGcc);
  // Once it was tried, combinations know what it is worth.
  const isCounted = own.some(({ configuration }) => gccProfile in configuration);
  const profile = isCounted ? [] : profileIdea(input, facts, { best, lead });
  const worth = lead < 0 ? Math.max(0, 1 + lead / outOfReach) : 1 + Math.min(lead, clearLead) / halfLead;
  if (worth === 0) return profile;
  const share = input.addonTrials === undefined ? undefined : evidence.share;
  const lessons = lessonsOf(own, () => 'tuning', onAll, share);
  const combined = followUps({ findings: [], incumbent: best.configuration, lessons });
  const clangText = (clang?.speedup ?? 1).toFixed(3);
  const single = basesOf(best, [...onAll, ...own]).flatMap(({ trial: base, part }) =>
    [...edits, ...tuning(facts)].flatMap(({ edit, prior, effect, besideProfile }): Idea[] => {
      const { [gccLevel]: level = '-O3', ...rest } = base.configuration;
      const configuration =
        gccLevel in edit ? { ...rest, ...edit } : merged({ ...rest, [gccLevel]: level }, edit);
      // By itself it was measured: combinations know what it is worth beside others.
      const isKnown = own.some((trial) =>
        isDeepStrictEqual(trial.configuration, { [gccLevel]: level, ...edit }),
      );
      const isIdle = besideProfile && !(gccProfile in base.configuration);
      if (configuration === undefined || isKnown || isIdle) return [];
      return [
        {
          configuration,
          value: prior * worth * part,
          theme: lead > 0 ? 'combination' : 'tuning',
          reason: `gcc with ${describe(base.configuration)} measured ${base.speedup?.toFixed(3)}, the best of clang ${clangText}: ${describe(edit)}, so that ${effect}`,
          origin: 'gcc',
        },
      ];
    }),
  );
  return [...profile, ...single, ...combined.map((idea) => ({ ...idea, value: idea.value * worth }))];
}

/** What the best of gcc is ahead of the best of clang, in percent; 0 where gcc was not tried. */
export function leadOfGcc(input: PolicyInput): number {
  return standingOf(input).lead;
}

interface Standing {
  /** Of gcc. */
  readonly best: SeenTrial | undefined;
  /** Of clang's winners. */
  readonly clang: SeenTrial | undefined;
  readonly lead: number;
}

function standingOf({ addonTrials = [], history }: PolicyInput): Standing {
  const trials = [...addonTrials, ...history];
  const best = bestOf(trials.filter(isByGcc));
  const clang = bestOf(trials.filter((trial) => trial.outcome === 'faster' && !isByGcc(trial)));
  const toBeat = Math.max(0, clang === undefined ? 0 : gainOf(clang));
  return { best, clang, lead: best === undefined ? 0 : gainOf(best) - toBeat };
}

/** What levers are put on top of: the best, and the best with a profile where that has none, or without: other levers can be right for it. */
function basesOf(best: SeenTrial, trials: readonly SeenTrial[]): { trial: SeenTrial; part: number }[] {
  const bases = [{ trial: best, part: 1 }];
  const isCounted = gccProfile in best.configuration;
  const trial = bestOf(trials.filter(({ configuration }) => gccProfile in configuration !== isCounted));
  const isNear = trial !== undefined && gainOf(best) - gainOf(trial) < outOfReach;
  return isNear ? [...bases, { trial, part: onSecond }] : bases;
}

/** The profile counted with gcc's code: at once, and should it not have been among the first, on top of the best of gcc. */
function profileIdea(
  { profiles = [] }: PolicyInput,
  facts: Facts,
  tried?: { readonly best: SeenTrial; readonly lead: number },
): Idea[] {
  const profile = profiles.find((one) => gccProfile in one);
  const configuration = profile && merged(tried?.best.configuration ?? {}, profile);
  if (configuration === undefined) return [];
  const reach = 1 + Math.min(0, tried?.lead ?? 0) / profileReach;
  return [
    {
      configuration,
      value: tried === undefined ? profileFirst : profilePrior * Math.max(0, reach),
      theme: 'combination',
      reason: `${guesses(facts)}branch weights and call counts from the bench for gcc, which compiles the project`,
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

function isByGcc({ configuration }: SeenTrial): boolean {
  return isForGcc(configuration);
}

/** Over -O3 in percent; of one of several files that of its own code. */
function gainOf({ inUnit, speedup = 1 }: SeenTrial): number {
  return percentOf(inUnit ?? speedup);
}

/** Of those that were measured and right. */
function bestOf(trials: readonly SeenTrial[]): SeenTrial | undefined {
  const sound = trials.filter(
    ({ speedup, outcome }) => speedup !== undefined && outcome !== 'incorrect' && outcome !== 'failed',
  );
  return sound.sort((a, b) => gainOf(b) - gainOf(a))[0];
}

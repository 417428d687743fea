import { isDeepStrictEqual } from 'node:util';
import type { Configuration, LeverValue } from '../../levers/types.js';
import type { PolicyInput, SeenTrial } from '../types.js';
import type { Facts, LoopFacts } from './facts.js';
import { describe, type Idea, merged, percentOf } from './idea.js';
import { isVectorized } from './rules-single-loops.js';
import { gainByChance } from './scatter.js';

/** Gain of a function over what it has under the incumbent, in percent beyond what chance gives, from which a hint of its own is worth a trial. */
const worthwhile = 1;
/** Estimates from the times of cases, and a hint for what was an option of the whole file, are this reliable. */
const reliability = 0.4;
/** Of that what is left after every narrowing that did not win: where cases tell functions badly apart, the next one will not either. */
const afterLoss = 0.6;

/** A hint on one function that does about what a lever does to all functions of a file; undefined where there is none. */
type Narrowing = (value: LeverValue, name: string, loops: readonly LoopFacts[]) => Configuration | undefined;

/** Functions for different processors are not inlined into one another: a hash whose own loop had been inlined ran 3 times as long. */
const noInlining: readonly string[] = ['attr:tune-cpu'];

const unrolled: Narrowing = (_, __, loops) => onLoops('md:llvm.loop.unroll.count', 4, scalar(loops));
/** The threshold is that for loops with a known number of iterations. */
const unrolledFully: Narrowing = (_, __, loops) => onLoops('md:llvm.loop.unroll.full', true, loops);
const rolled: Narrowing = (_, __, loops) => onLoops('md:llvm.loop.unroll.disable', true, loops);
const tuned: Narrowing = (value, name) =>
  typeof value === 'string' ? { 'attr:tune-cpu': { [name]: value } } : undefined;
const withoutTables: Narrowing = (_, name) => ({ 'attr:no-jump-tables': { [name]: 'true' } });

const narrowings: Readonly<Record<string, Narrowing>> = {
  'mtune-x86': tuned,
  'mtune-aarch64': tuned,
  'force-vector-width': (value, _, loops) =>
    typeof value === 'number' ? onLoops('md:llvm.loop.vectorize.width', value, loops) : undefined,
  'force-vector-interleave': (value, _, loops) =>
    typeof value === 'number'
      ? onLoops('md:llvm.loop.interleave.count', value, loops.filter(isVectorized))
      : undefined,
  'fno-vectorize': (_, __, loops) =>
    onLoops('md:llvm.loop.vectorize.enable', false, loops.filter(isVectorized)),
  'unroll-runtime': unrolled,
  'unroll-threshold': unrolledFully,
  'unroll-partial-threshold': unrolled,
  'fno-unroll-loops': rolled,
  'fomit-frame-pointer': (_, name) => ({ 'attr:frame-pointer': { [name]: 'none' } }),
  'fno-jump-tables': withoutTables,
  'min-jump-table-entries': withoutTables,
  'O-level-Os': (_, name) => ({ 'attr:optsize': [name] }),
  'O-level-Oz': (_, name) => ({ 'attr:minsize': [name] }),
};

const untuned: Narrowing = (_, name) => ({ 'attr:tune-cpu': { [name]: 'generic' } });

/** About what a function has under -O3, where its whole file has the lever. */
const withdrawals: Readonly<Record<string, Narrowing>> = {
  'mtune-x86': untuned,
  'mtune-aarch64': untuned,
  'unroll-runtime': (_, __, loops) => onLoops('md:llvm.loop.unroll.disable', true, scalar(loops)),
  'force-vector-width': (_, __, loops) => onLoops('md:llvm.loop.vectorize.width', 1, scalar(loops)),
  'fomit-frame-pointer': (_, name) => ({ 'attr:frame-pointer': { [name]: 'all' } }),
};

/** Of a function, in percent over what it has under the incumbent. */
interface Gains {
  readonly measured: number;
  /** What of it is beyond chance. */
  readonly gain: number;
}

type GainsOf = (name: string, speedup: number) => Gains;

interface Part extends Gains {
  readonly name: string;
  readonly configuration: Configuration;
  readonly because: string;
  readonly origin: string;
  /** The function's share of the unit's time. */
  readonly share: number;
}

/**
 * Functions that liked what others in their file did not: the cases tell which, and a hint gives it to them alone. One trial of an option is so a trial on
 * every function at once.
 */
export function narrowedIdeas(input: PolicyInput, facts: Facts): Idea[] {
  if (input.scope !== 'unit') return [];
  const { incumbent, history, addonTrials = [] } = input;
  const trials = [...addonTrials, ...history].filter(({ functions }) => functions !== undefined);
  const held = trials.find(({ configuration }) => isDeepStrictEqual(configuration, incumbent));
  const names = new Set(trials.flatMap(({ functions = {} }) => Object.keys(functions)));
  const known = new Map(
    [...names].map((name) => {
      const gainIn = (trial: SeenTrial): number => percentOf(trial.functions?.[name] ?? 1);
      const base = held === undefined ? 0 : gainIn(held);
      return [name, { base, chance: gainByChance(trials.map(gainIn), base) }];
    }),
  );
  const gainsOf = (name: string, speedup: number): Gains => {
    const { base = 0, chance = 0 } = known.get(name) ?? {};
    const measured = percentOf(speedup) - base;
    return { measured, gain: measured - chance };
  };
  const groups = trials.map((trial) => partsOf(trial, incumbent, gainsOf, facts));
  if (held !== undefined) groups.push(withdrawn(held, gainsOf, facts));
  const best = new Map<string, Part>();
  for (const part of groups.flat()) {
    if ((best.get(part.name)?.gain ?? 0) < part.gain) best.set(part.name, part);
  }
  const lost = history.filter(({ origin, outcome }) => origin.startsWith('narrow:') && outcome !== 'faster');
  const belief = reliability * afterLoss ** lost.length;
  return [...groups, [...best.values()]].flatMap((parts) => ideaOf(parts, incumbent, belief));
}

/** The functions that a trial's own lever made faster, each with its hint. */
function partsOf(trial: SeenTrial, incumbent: Configuration, gainsOf: GainsOf, facts: Facts): Part[] {
  const lever = Object.entries(trial.configuration).find(
    ([id, value]) => narrowings[id] !== undefined && !isDeepStrictEqual(incumbent[id], value),
  );
  if (lever === undefined || trial.outcome === 'incorrect') return [];
  const [id, value] = lever;
  const named = describe(trial.configuration);
  return Object.entries(trial.functions ?? {}).flatMap(([name, speedup]): Part[] => {
    const gains = gainsOf(name, speedup);
    const because = `with ${named} the cases that run ${name} were ${gains.measured.toFixed(0)} % faster`;
    return hinted({ name, because, origin: trial.origin, ...gains }, narrowings[id], value, facts);
  });
}

/** The functions that the incumbent made slower, each without one of its levers. */
function withdrawn(held: SeenTrial, gainsOf: GainsOf, facts: Facts): Part[] {
  const lever = Object.entries(held.configuration).find(([id]) => withdrawals[id] !== undefined);
  if (lever === undefined) return [];
  const [id, value] = lever;
  return Object.keys(held.functions ?? {}).flatMap((name): Part[] => {
    const gains = gainsOf(name, 1);
    const because = `with ${describe({ [id]: value })} the cases that run ${name} became ${gains.measured.toFixed(0)} % slower`;
    return hinted({ name, because, origin: held.origin, ...gains }, withdrawals[id], value, facts);
  });
}

/** The part with its hint, where it gains enough and there is one. */
function hinted(
  part: Omit<Part, 'configuration' | 'share'>,
  narrowing: Narrowing | undefined,
  value: LeverValue,
  facts: Facts,
): Part[] {
  const { name, gain } = part;
  const share = facts.shareOf(name);
  if (gain <= worthwhile || share === 0) return [];
  const loops = facts.loops.filter(({ loop }) => loop.function === name);
  const configuration = narrowing?.(value, name, loops);
  if (configuration === undefined) return [];
  const isBlocked = noInlining.some((lever) => lever in configuration) && isInlined(name, facts);
  return isBlocked ? [] : [{ ...part, configuration, share }];
}

/** Whether calls in the function were inlined, or calls of it. */
function isInlined(name: string, facts: Facts): boolean {
  return facts
    .remarks('inline', 'Inlined', 'AlwaysInline')
    .some(({ remark }) => remark.function === name || remark.args.Callee === name);
}

function ideaOf(parts: readonly Part[], incumbent: Configuration, belief: number): Idea[] {
  let configuration: Configuration | undefined = incumbent;
  for (const part of parts) configuration = configuration && merged(configuration, part.configuration);
  if (configuration === undefined || parts.length === 0) return [];
  return [
    {
      configuration,
      value: belief * parts.reduce((sum, { gain, share }) => sum + gain * share, 0),
      theme: 'combination',
      reason: `${parts.map(({ because }) => because).join('; ')}: a hint for ${parts.length === 1 ? 'that function' : 'these functions'} alone`,
      origin: `narrow:${parts.length === 1 ? parts[0]?.origin.split(':').at(-1) : 'several'}`,
    },
  ];
}

function scalar(loops: readonly LoopFacts[]): LoopFacts[] {
  return loops.filter((one) => !isVectorized(one));
}

function onLoops(
  lever: string,
  value: number | boolean,
  loops: readonly LoopFacts[],
): Configuration | undefined {
  return loops.length === 0
    ? undefined
    : { [lever]: Object.fromEntries(loops.map(({ loop }) => [loop.key, value])) };
}

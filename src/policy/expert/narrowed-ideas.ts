import { isDeepStrictEqual } from 'node:util';
import type { Configuration, LeverValue } from '../../levers/types.js';
import type { PolicyInput, SeenTrial } from '../types.js';
import type { Facts, LoopFacts } from './facts.js';
import { describe, type Idea, merged } from './idea.js';
import { isVectorized } from './rules-single-loops.js';

/** Gain of a function over what it has under the incumbent, in percent, from which a hint of its own is worth a trial. */
const worthwhile = 2;
/** Estimates from the times of cases, and a hint for what was an option of the whole file, are this reliable. */
const reliability = 0.4;
/** Of that what is left after every narrowing that did not win: where cases tell functions badly apart, the next one will not either. */
const afterLoss = 0.6;

/** A hint on one function that does about what a lever does to all functions of a file; undefined where there is none. */
type Narrowing = (value: LeverValue, name: string, loops: readonly LoopFacts[]) => Configuration | undefined;

const unrolled: Narrowing = (_, __, loops) =>
  onLoops(
    'md:llvm.loop.unroll.count',
    4,
    loops.filter((one) => !isVectorized(one)),
  );
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

interface Part {
  readonly name: string;
  readonly configuration: Configuration;
  readonly trial: SeenTrial;
  /** Of the function, in percent over the incumbent. */
  readonly gain: number;
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
  const base = trials.find(({ configuration }) => isDeepStrictEqual(configuration, incumbent))?.functions;
  const groups = trials.map((trial) => partsOf(trial, incumbent, base ?? {}, facts));
  const best = new Map<string, Part>();
  for (const part of groups.flat()) {
    if ((best.get(part.name)?.gain ?? 0) < part.gain) best.set(part.name, part);
  }
  const lost = history.filter(({ origin, outcome }) => origin.startsWith('narrow:') && outcome !== 'faster');
  const belief = reliability * afterLoss ** lost.length;
  return [...groups, [...best.values()]].flatMap((parts) => ideaOf(parts, incumbent, belief));
}

/** The functions that a trial's own lever made faster, each with its hint. */
function partsOf(
  trial: SeenTrial,
  incumbent: Configuration,
  base: Readonly<Record<string, number>>,
  facts: Facts,
): Part[] {
  const first = Object.entries(trial.configuration).find(
    ([id, value]) => narrowings[id] !== undefined && !isDeepStrictEqual(incumbent[id], value),
  );
  if (first === undefined || trial.outcome === 'incorrect') return [];
  const [id, value] = first;
  return Object.entries(trial.functions ?? {}).flatMap(([name, speedup]): Part[] => {
    const gain = 100 * Math.log(speedup / (base[name] ?? 1));
    const share = facts.shareOf(name);
    const loops = facts.loops.filter(({ loop }) => loop.function === name);
    const configuration = gain > worthwhile ? narrowings[id]?.(value, name, loops) : undefined;
    return configuration === undefined || share === 0 ? [] : [{ name, configuration, trial, gain, share }];
  });
}

function ideaOf(parts: readonly Part[], incumbent: Configuration, belief: number): Idea[] {
  let configuration: Configuration | undefined = incumbent;
  for (const part of parts) configuration = configuration && merged(configuration, part.configuration);
  if (configuration === undefined || parts.length === 0) return [];
  const because = parts.map(
    ({ name, gain, trial }) =>
      `with ${describe(trial.configuration)} the cases that run ${name} were ${gain.toFixed(0)} % faster`,
  );
  return [
    {
      configuration,
      value: belief * parts.reduce((sum, { gain, share }) => sum + gain * share, 0),
      theme: 'combination',
      reason: `${because.join('; ')}: the same for ${parts.length === 1 ? 'that function' : 'these functions'} alone`,
      origin: `narrow:${parts.length === 1 ? parts[0]?.trial.origin.split(':').at(-1) : 'several'}`,
    },
  ];
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

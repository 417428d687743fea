import type { HostTarget } from '../target/host.js';
import { compare } from './compare.js';
import { finalAssembly, type JudgeContext } from './judge.js';
import { widened } from './ratios.js';
import type { LevelGain } from './result.js';
import type { TunedUnit } from './units.js';
import type { Assembly, CompiledObject } from './workspace.js';

/** The lower end of a level's interval must lie above this: variants cost build time and size in every package. */
const leastGain = 1.03;
/** The same for a second level: it takes a session of its own. */
const leastGainBelow = 1.1;
/** A lower level, which more processors run, is taken when it reaches this much of the best one's speed. */
const nearlyBest = 0.98;

/**
 * The hot files by plain clang -O3 for every higher ISA level of this machine, over the addon as the session leaves it, on check
 * inputs. Levels that change no object, do not compile, or give other outputs are left out. Best level first.
 */
export async function levelGains(
  context: JudgeContext,
  options: { host: HostTarget; kept: readonly TunedUnit[] },
): Promise<LevelGain[]> {
  const { workspace, trials, noise, onStep, signal } = context;
  const assemblies = new Map<string, Assembly>();
  for (const level of options.host.levels.slice(0, -1)) {
    const assembly = await compiledFor(level, context);
    if (assembly !== undefined) assemblies.set(level, assembly);
  }
  if (assemblies.size === 0) return [];
  const names = [...assemblies.keys()];
  onStep(`measuring the addon at ${names.join(', ')}`);
  const variants = await Promise.all([...assemblies].map(([name, each]) => workspace.variant(name, each)));
  const verdicts = await trials.verify(variants);
  signal?.throwIfAborted();
  for (const [index, name] of names.entries()) {
    if (verdicts[index]?.outcome !== 'equal') assemblies.delete(name);
  }
  if (assemblies.size === 0) return [];
  const results = await compare(context, finalAssembly(options.kept), 'race', 'check', assemblies);
  return [...assemblies.keys()].flatMap((level) => {
    const result = results.get(level);
    return result === undefined || result.outcome === 'failed'
      ? []
      : [{ level, ...widened(result, noise.value) }];
  });
}

/** Undefined where the level changes nothing, or something does not compile. */
async function compiledFor(
  level: string,
  { workspace, baseline, units }: JudgeContext,
): Promise<Assembly | undefined> {
  const outcomes = await workspace.compileAll(
    units.map(({ command }) => ({ command, configuration: {}, level })),
  );
  const assembly = new Map<string, CompiledObject>();
  for (const [index, { command }] of units.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== 'compiled') return undefined;
    assembly.set(command.output, outcome.object);
  }
  const isNew = [...assembly].some(([output, { hash }]) => baseline.get(output)?.hash !== hash);
  return isNew ? assembly : undefined;
}

/**
 * The levels that deserve variants of their own. First the lowest of those that come near the best; then, for the many processors that do
 * not run it, the best one below, where that is far ahead of the addon without. At most two, none without a clear gain.
 */
export function levelsWorthwhile(gains: readonly LevelGain[]): LevelGain[] {
  const clear = gains.filter(({ ci }) => ci[0] > leastGain);
  const best = Math.max(...clear.map(({ ratio }) => ratio));
  const first = clear.findLast(({ ratio }) => ratio >= best * nearlyBest);
  if (first === undefined) return [];
  const below = clear.slice(clear.indexOf(first) + 1).filter(({ ci }) => ci[0] > leastGainBelow);
  const [second] = below.sort((a, b) => b.ratio - a.ratio);
  return second === undefined ? [first] : [first, second];
}

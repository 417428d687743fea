import type { VariantResult } from '../measure/types.js';
import type { Budget } from './budget.js';
import { together } from './builds.js';
import type { NoiseFloor } from './noise-floor.js';
import { casesOf, groupsApart, onOwnCases } from './on-cases.js';
import type { Trials } from './trials.js';
import { type TunedUnit, withObjects } from './units.js';
import type { Assembly, CompiledObject, Workspace } from './workspace.js';

export interface CompareContext {
  readonly units: readonly TunedUnit[];
  readonly workspace: Workspace;
  readonly trials: Trials;
  readonly noise: NoiseFloor;
  readonly budget: Budget;
  readonly signal: AbortSignal | undefined;
}

/** Steady addons need the fewest, where processes differ by several percent a small gain shows in the most only. */
const confirmProcesses = { minProcesses: 8, maxProcesses: 32 };

/** Other objects for units that share cases of the bench, everything else as in the final addon. */
export interface Difference {
  readonly id: string;
  readonly objects: ReadonlyMap<TunedUnit, CompiledObject | 'stock'>;
}

export function differenceIn(unit: TunedUnit, object: CompiledObject | 'stock'): Difference {
  return { id: `${object === 'stock' ? 'stock' : 'o3'} ${unit.key}`, objects: new Map([[unit, object]]) };
}

/**
 * Measures the final addon with each of the differences, on the cases that run their units; one build holds one for each group of units that share no case with
 * other groups.
 * @param kinds differences that go into builds of their own: a crash tells of all in its build
 * @returns by the differences' ids, and the placebo's result
 */
export async function compareEach(
  context: CompareContext,
  final: Assembly,
  inputs: 'tune' | 'check',
  kinds: readonly (readonly Difference[])[],
): Promise<Map<string, VariantResult>> {
  const groups = groupsApart(context.units);
  const inGroup = (kind: readonly Difference[], group: readonly TunedUnit[]): Difference[] =>
    kind.filter(({ objects }) => group.some((unit) => objects.has(unit)));
  const builds = kinds.flatMap((kind) => together(groups.map((group) => inGroup(kind, group))));
  const idOf = (build: readonly Difference[]): string => build.map(({ id }) => id).join(', ');
  const assemblyOf = (build: readonly Difference[]): Assembly =>
    build.reduce((assembly, { objects }) => withObjects(assembly, objects), final);
  const assemblies = new Map(builds.map((build) => [idOf(build), assemblyOf(build)]));
  const results = await compare(context, final, 'race', inputs, assemblies);
  const found = new Map([...results].filter(([id]) => id === 'placebo'));
  for (const build of builds) {
    const result = results.get(idOf(build));
    for (const { id, objects } of build) {
      if (result !== undefined) found.set(id, onOwnCases(result, casesOf([...objects.keys()])));
    }
  }
  return found;
}

/** Measures assemblies against `final` with a placebo of `final` beside them; feeds the noise floor. */
export async function compare(
  context: CompareContext,
  final: Assembly,
  goal: 'race' | 'confirm',
  inputs: 'tune' | 'check',
  assemblies: ReadonlyMap<string, Assembly>,
): Promise<Map<string, VariantResult>> {
  const { workspace, trials } = context;
  const baseline = await workspace.variant('final', final);
  const candidates = [await workspace.variant('placebo', final, trials.nextSeed())];
  for (const [id, assembly] of assemblies) candidates.push(await workspace.variant(id, assembly));
  const { results } = await trials.measure({
    baseline,
    candidates,
    goal,
    inputs,
    ...(goal === 'confirm'
      ? { ...confirmProcesses, maxMs: context.budget.judgingMs }
      : { maxMs: context.budget.judgingMs / 3 }),
  });
  context.signal?.throwIfAborted();
  const byId = new Map(results.map((result) => [result.id, result]));
  const placebo = byId.get('placebo');
  if (placebo !== undefined && placebo.outcome !== 'failed') context.noise.add(placebo.ratio);
  return byId;
}

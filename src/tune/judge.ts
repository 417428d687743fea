import type { VariantResult } from '../measure/types.js';
import type { Budget } from './budget.js';
import type { NoiseFloor } from './noise-floor.js';
import type { Ratio } from './result.js';
import type { Trials } from './trials.js';
import { type TunedUnit, withObject } from './units.js';
import type { Assembly, CompiledObject, Workspace } from './workspace.js';

export interface JudgeContext {
  readonly units: readonly TunedUnit[];
  /** The hot units at plain clang -O3. */
  readonly baseline: Assembly;
  readonly workspace: Workspace;
  readonly trials: Trials;
  readonly noise: NoiseFloor;
  readonly budget: Budget;
  readonly onStep: (message: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** One unit that goes into the lock, with its own part of the gain. */
export interface JudgedUnit {
  readonly unit: TunedUnit;
  readonly vsO3: Ratio;
  readonly vsStock: Ratio;
}

export interface Judgement {
  readonly verdict: 'faster' | 'no gain';
  readonly kept: readonly JudgedUnit[];
  /** Units that stay with the project's own compiler, and why. */
  readonly dropped: ReadonlyMap<TunedUnit, string>;
  readonly vsO3: Ratio;
  readonly vsStock: Ratio;
  readonly noiseFloor: number;
}

const even: Ratio = { ratio: 1, ci: [1, 1] };
const confirmProcesses = { minProcesses: 8, maxProcesses: 16 };

/**
 * Decides what goes into the lock. On tuning inputs: drop units that stock compiles as well, then levers that
 * bring nothing. On check inputs and fresh samples: confirm the rest against -O3 and stock, beside placebos.
 */
export async function judge(context: JudgeContext): Promise<Judgement> {
  const dropped = new Map<TunedUnit, string>();
  let kept = await guardAgainstStock(context, dropped);
  if (kept.length > 0) await prune(context, kept);
  let confirmed = await confirm(context, kept, 'check');
  if (confirmed.isMoreFaster) {
    // Files dropped one by one can matter together. Chosen on these samples, so confirmed on others.
    kept = [...context.units];
    dropped.clear();
    confirmed = await confirm(context, kept, 'check');
  }
  const misfits = kept.filter((unit) => misfit(confirmed.units.get(unit)) !== undefined);
  if (misfits.length > 0) {
    for (const unit of misfits) {
      if (
        misfit(confirmed.units.get(unit)) === 'levers' &&
        Object.keys(unit.incumbent.configuration).length > 0
      ) {
        unit.incumbent = { configuration: {}, object: unit.baseline, speedup: 1 };
      } else dropped.set(unit, 'no faster than the stock build on the check inputs');
    }
    kept = kept.filter((unit) => !dropped.has(unit));
    confirmed = await confirm(context, kept, 'check');
  }
  const { vsStock, vsO3, noiseFloor } = confirmed;
  const verdict = kept.length > 0 && vsStock.ci[0] > 1 ? 'faster' : 'no gain';
  if (verdict === 'no gain') {
    for (const unit of kept) dropped.set(unit, 'the confirmed gain does not clear the noise floor');
  }
  return {
    verdict,
    kept:
      verdict === 'faster'
        ? kept.map((unit) => ({ unit, ...(confirmed.units.get(unit) ?? { vsO3: even, vsStock: even }) }))
        : [],
    dropped,
    vsO3,
    vsStock,
    noiseFloor,
  };
}

/** The addon as it would be built: units with an entry at their incumbent, everything else stock. */
function finalAssembly(kept: readonly TunedUnit[]): Assembly {
  return new Map(kept.map((unit) => [unit.command.output, unit.incumbent.object]));
}

/** Keeps the units whose tuned object is clearly faster than the stock one, everything else equal. */
async function guardAgainstStock(
  context: JudgeContext,
  dropped: Map<TunedUnit, string>,
): Promise<TunedUnit[]> {
  context.onStep('comparing every tuned unit with the stock compiler');
  const final = finalAssembly(context.units);
  const results = await compare(
    context,
    final,
    'race',
    'tune',
    new Map(context.units.map((unit) => [unit.key, withObject(final, unit, 'stock')])),
  );
  // The placebo beside them shows what order of linking and place in the round do alone.
  const placebo = Math.min(1, results.get('placebo')?.ratio || 1);
  const kept: TunedUnit[] = [];
  for (const unit of context.units) {
    const result = results.get(unit.key);
    if (result !== undefined && result.outcome !== 'failed' && result.ci[1] < placebo) kept.push(unit);
    else dropped.set(unit, 'the stock compiler is as fast');
  }
  return kept;
}

/** Removes levers that change nothing measurable: the shortest configuration within the noise wins. */
async function prune(context: JudgeContext, kept: readonly TunedUnit[]): Promise<void> {
  const { workspace } = context;
  const final = finalAssembly(kept);
  const removals = new Map<string, { unit: TunedUnit; lever: string; object: CompiledObject }>();
  for (const unit of kept) {
    const levers = Object.keys(unit.incumbent.configuration);
    if (levers.length === 0) continue;
    for (const lever of levers) {
      const outcome = await workspace.compile(unit.command, without(unit.incumbent.configuration, [lever]));
      if (outcome.kind === 'compiled')
        removals.set(`${unit.key}\0${lever}`, { unit, lever, object: outcome.object });
    }
  }
  if (removals.size === 0) return;
  context.onStep(`trying ${removals.size} levers one by one for whether they are needed`);
  const measured = new Map(
    [...removals]
      .filter(([, { unit, object }]) => object.hash !== unit.incumbent.object.hash)
      .map(([key, { unit, object }]) => [key, withObject(final, unit, object)]),
  );
  const results =
    measured.size > 0
      ? await compare(context, final, 'race', 'tune', measured)
      : new Map<string, VariantResult>();
  for (const unit of kept) {
    const needless = [...removals]
      .filter(([key, removal]) => removal.unit === unit && isNeedless(results.get(key)))
      .map(([, { lever }]) => lever);
    if (needless.length === 0) continue;
    const configuration = without(unit.incumbent.configuration, needless);
    const outcome = await workspace.compile(unit.command, configuration);
    if (outcome.kind !== 'compiled') continue;
    const shorter = { ...unit.incumbent, configuration, object: outcome.object };
    if (outcome.object.hash !== unit.incumbent.object.hash) {
      const assembly = withObject(final, unit, outcome.object);
      const [verified] = await context.trials.verify([await workspace.variant('shorter', assembly)]);
      if (verified?.outcome !== 'equal') continue;
      const candidate = new Map([['shorter', assembly]]);
      const joint = (await compare(context, final, 'race', 'tune', candidate)).get('shorter');
      if (joint === undefined || !isNeedless(joint)) continue;
    }
    unit.incumbent = shorter;
  }
}

/** No result means the object was identical without the lever. */
function isNeedless(result: VariantResult | undefined): boolean {
  if (result === undefined) return true;
  return result.outcome !== 'failed' && result.ci[1] >= 1 && result.ratio > 0.997;
}

function without<T>(
  configuration: Readonly<Record<string, T>>,
  levers: readonly string[],
): Record<string, T> {
  return Object.fromEntries(Object.entries(configuration).filter(([id]) => !levers.includes(id)));
}

interface Confirmation {
  readonly units: ReadonlyMap<TunedUnit, { readonly vsO3: Ratio; readonly vsStock: Ratio }>;
  readonly vsO3: Ratio;
  readonly vsStock: Ratio;
  readonly noiseFloor: number;
  /** With the dropped units tuned as well the addon would clearly be faster. */
  readonly isMoreFaster: boolean;
}

async function confirm(
  context: JudgeContext,
  kept: readonly TunedUnit[],
  inputs: 'tune' | 'check',
): Promise<Confirmation> {
  context.onStep(`confirming on fresh samples (${inputs} inputs)`);
  const final = finalAssembly(kept);
  const others = new Map<string, Assembly>([
    ['stock', new Map()],
    ['o3', context.baseline],
  ]);
  for (const unit of kept) {
    if (unit.incumbent.object.hash !== unit.baseline.hash) {
      others.set(`o3 ${unit.key}`, withObject(final, unit, unit.baseline));
    }
    if (kept.length > 1) others.set(`stock ${unit.key}`, withObject(final, unit, 'stock'));
  }
  const isAllPlain = context.units.every(
    ({ incumbent, baseline }) => incumbent.object.hash === baseline.hash,
  );
  if (kept.length < context.units.length && !isAllPlain) others.set('all', finalAssembly(context.units));
  const results = await compare(context, final, 'confirm', inputs, others);
  const more = results.get(isAllPlain ? 'o3' : 'all');
  const placebo = placeboEffect(results.get('placebo'));
  const noiseFloor = Math.max(context.noise.value, placebo);
  const over = (id: string): Ratio => widened(invert(results.get(id)), noiseFloor);
  const vsStock = kept.length === 0 ? even : over('stock');
  return {
    vsStock,
    vsO3: over('o3'),
    noiseFloor,
    isMoreFaster:
      kept.length < context.units.length &&
      more !== undefined &&
      more.outcome !== 'failed' &&
      more.ci[0] > 1 &&
      more.ratio > 1 + placebo,
    units: new Map(
      kept.map((unit) => [
        unit,
        {
          vsO3: others.has(`o3 ${unit.key}`) ? over(`o3 ${unit.key}`) : even,
          vsStock: kept.length > 1 ? over(`stock ${unit.key}`) : vsStock,
        },
      ]),
    ),
  };
}

function misfit(measured: { vsO3: Ratio; vsStock: Ratio } | undefined): 'levers' | 'unit' | undefined {
  if (measured === undefined) return 'unit';
  if (measured.vsO3.ci[1] < 1) return 'levers';
  return measured.vsStock.ratio <= 1 ? 'unit' : undefined;
}

/** Measures assemblies against `final` with a placebo of `final` beside them; feeds the noise floor. */
async function compare(
  context: JudgeContext,
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

/** What linking the same objects in another order did to the very samples that the claim rests on. */
export function placeboEffect(result: VariantResult | undefined): number {
  return result === undefined || result.outcome === 'failed'
    ? 0
    : Math.expm1(Math.abs(Math.log(result.ratio)));
}

/** A candidate's ratio to the final build, seen from the other side. */
export function invert(result: VariantResult | undefined): Ratio {
  if (result === undefined || result.outcome === 'failed') return even;
  return { ratio: 1 / result.ratio, ci: [1 / result.ci[1], 1 / result.ci[0]] };
}

/**
 * The interval with the noise floor on both sides: resampling processes tells nothing of what another order of linking
 * would have given, and who measures again gets another one.
 */
export function widened({ ratio, ci }: Ratio, noiseFloor: number): Ratio {
  return { ratio, ci: [ci[0] / (1 + noiseFloor), ci[1] * (1 + noiseFloor)] };
}

import { profileLeverOf } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';
import type { VariantResult } from '../measure/types.js';
import { type CompareContext, compare, compareEach, type Difference, differenceIn } from './compare.js';
import { isGain } from './noise-floor.js';
import { casesOf, groupsApart, onOwnCases } from './on-cases.js';
import { even, invert, placeboEffect, product, widened } from './ratios.js';
import type { Ratio, TuneResult } from './result.js';
import type { Scope } from './scopes.js';
import { type Incumbent, type TunedUnit, withObjects } from './units.js';
import { bestUnprofiled } from './unprofiled.js';
import { type Assembly, type CompiledObject, hashOfObject } from './workspace.js';

export interface JudgeContext extends CompareContext {
  /** With what the search saw. */
  readonly scopes: readonly Scope[];
  /** The hot units at plain clang -O3. */
  readonly baseline: Assembly;
  readonly onStep: (message: string) => void;
}

interface Gains {
  readonly vsO3: Ratio;
  readonly vsStock: Ratio;
}

/** One unit that goes into the lock, with its own part of the gain. */
export interface JudgedUnit extends Gains {
  readonly unit: TunedUnit;
}

export interface Judgement {
  readonly verdict: 'faster' | 'no gain';
  readonly kept: readonly JudgedUnit[];
  /** Units that stay with the project's own compiler, and why. */
  readonly dropped: ReadonlyMap<TunedUnit, string>;
  /** Units whose profile was slower on the check inputs than what they have now. */
  readonly overfitted: ReadonlySet<TunedUnit>;
  readonly vsO3: Ratio;
  readonly vsStock: Ratio;
  readonly instructions?: TuneResult['instructions'];
  readonly noiseFloor: number;
  /** What each lever of the kept units adds to the addon, on tuning inputs: with it over without it. */
  readonly leverGains: ReadonlyMap<string, Ratio>;
}

/** What is left out must not cost more than this, as a ratio. */
const leastNeeded = 0.997;
/** Nor may the interval reach below this: where processes differ much, what won in the search stays. */
const leastSure = 0.985;

/**
 * Decides what goes into the lock. On tuning inputs: choose between clang and the project's gcc, drop units that stock compiles as well, then levers that
 * bring nothing. On check inputs and fresh samples: confirm the rest against -O3 and stock, beside placebos.
 */
export async function judge(context: JudgeContext): Promise<Judgement> {
  await chooseCompilers(context);
  const dropped = new Map<TunedUnit, string>();
  for (const unit of context.units) {
    if (isPlain(unit)) continue;
    const { configuration } = unit.incumbent;
    // Without assertions LLVM notices nothing of a pass that breaks the IR.
    const isSound = await context.workspace.isSound(unit.command, configuration);
    const built = isSound ? await context.workspace.asBuilt(unit.command, configuration) : undefined;
    if (built?.kind === 'compiled') unit.incumbent = { ...unit.incumbent, object: built.object };
    else makePlain(unit);
  }
  const reduced = await reduce(context, dropped);
  let { kept } = reduced;
  const unprofiled = await withoutProfiles(context, kept);
  const overfitted = new Set<TunedUnit>();
  let confirmed = await confirm(context, kept, unprofiled);
  if (confirmed.better.size > 0) {
    // Files dropped one by one can matter together, and levers and profiles can lose on the check inputs. Chosen on these samples, so
    // confirmed on others.
    for (const [unit, better] of confirmed.better) {
      const other = unprofiled.get(unit);
      if (better !== 'unprofiled') dropped.delete(unit);
      else if (other !== undefined) {
        unit.incumbent = other;
        overfitted.add(unit);
      }
      if (better === 'o3') makePlain(unit);
    }
    kept = context.units.filter((unit) => !dropped.has(unit));
    confirmed = await confirm(context, kept);
  }
  let parts = await contributions(context, kept, confirmed);
  const misfitOf = (unit: TunedUnit) => misfit(parts.get(unit), confirmed.noiseFloor);
  const misfits = kept.filter((unit) => misfitOf(unit) !== undefined);
  if (misfits.length > 0) {
    for (const unit of misfits) {
      if (misfitOf(unit) === 'levers' && Object.keys(unit.incumbent.configuration).length > 0) {
        makePlain(unit);
      } else dropped.set(unit, 'no faster than the stock build on the check inputs');
    }
    kept = kept.filter((unit) => !dropped.has(unit));
    confirmed = await confirm(context, kept);
    parts = await contributions(context, kept, confirmed);
  }
  const { vsStock, vsO3, noiseFloor } = confirmed;
  const verdict = kept.length > 0 && vsStock.ci[0] > 1 ? 'faster' : 'no gain';
  if (verdict === 'no gain') {
    for (const unit of kept) dropped.set(unit, 'the confirmed gain does not clear the noise floor');
  }
  const judged =
    verdict === 'faster'
      ? kept.map((unit) => ({ unit, ...(parts.get(unit) ?? { vsO3: even, vsStock: even }) }))
      : [];
  const used = new Set(judged.flatMap(({ unit }) => Object.keys(unit.incumbent.configuration)));
  const leverGains = new Map([...reduced.leverGains].filter(([lever]) => used.has(lever)));
  const { instructions } = confirmed;
  return {
    verdict,
    kept: judged,
    dropped,
    overfitted,
    vsO3,
    vsStock,
    ...(instructions && { instructions }),
    noiseFloor,
    leverGains,
  };
}

/** What a rival may be behind the incumbent, when both were measured at different times, and still be compared with it. */
const nearlyAsFast = 0.98;

/** Takes what gcc makes for the units in which it is clearly faster than what clang makes. */
async function chooseCompilers(context: JudgeContext): Promise<void> {
  const { units, noise, trials, workspace } = context;
  const found = new Map<string, { unit: TunedUnit; rival: Incumbent }>();
  for (const unit of units) {
    if (unit.rivals.size === 0) continue;
    // Judging compares with the stock build anyway.
    const stock = await hashOfObject(unit.command.output);
    for (const rival of unit.rivals.values()) {
      const { hash } = rival.object;
      if (hash === stock || rival.speedup < nearlyAsFast * unit.incumbent.speedup) continue;
      found.set(`gcc ${unit.key} ${hash}`, { unit, rival });
    }
  }
  if (found.size === 0) return;
  context.onStep("comparing with the project's own compiler and its levers");
  const differences = [...found].map(([id, { unit, rival }]) => ({
    id,
    objects: new Map([[unit, rival.object]]),
  }));
  const results = await compareEach(context, finalAssembly(units), 'tune', [differences]);
  const ratioOf = (id: string): number => results.get(id)?.ratio ?? 0;
  const faster = [...found.keys()].filter((id) => isGain(results.get(id), noise.value));
  const better = new Map<TunedUnit, Incumbent>();
  for (const id of faster.sort((a, b) => ratioOf(a) - ratioOf(b))) {
    const one = found.get(id);
    if (one !== undefined) better.set(one.unit, one.rival);
  }
  if (better.size === 0) return;
  const [verified] = await trials.verify([await workspace.variant('by gcc', replaced(units, better))]);
  if (verified?.outcome !== 'equal') return;
  for (const [unit, rival] of better) unit.incumbent = rival;
}

/** The addon as it would be built: units with an entry at their incumbent, everything else stock. */
export function finalAssembly(kept: readonly TunedUnit[]): Assembly {
  return new Map(kept.map((unit) => [unit.command.output, unit.incumbent.object]));
}

/** The same with something else for some units. */
function replaced(kept: readonly TunedUnit[], others: ReadonlyMap<TunedUnit, Incumbent>): Assembly {
  return withObjects(finalAssembly(kept), new Map([...others].map(([unit, { object }]) => [unit, object])));
}

/** A shorter configuration for them. */
interface Shortening extends Difference {
  readonly objects: ReadonlyMap<TunedUnit, CompiledObject>;
  /** Lever to leave out; all of them when absent. */
  readonly lever?: string;
}

/**
 * One comparison on tuning inputs: every unit by the stock compiler, every unit without its levers, and every lever left out wherever it stands among units that
 * share cases of the bench. Keeps the units that are faster than stock, with the levers that are needed. Units are taken at their most likely value: whether the
 * whole is faster is confirmed afterwards.
 */
async function reduce(
  context: JudgeContext,
  dropped: Map<TunedUnit, string>,
): Promise<{ kept: TunedUnit[]; leverGains: Map<string, Ratio> }> {
  const final = finalAssembly(context.units);
  const shortenings = await shorteningsOf(context);
  context.onStep(
    `comparing every tuned unit with the stock compiler${shortenings.length > 0 ? ', and trying shorter configurations' : ''}`,
  );
  const stocks = context.units.map((unit) => differenceIn(unit, 'stock'));
  const results = await compareEach(context, final, 'tune', [stocks, shortenings]);
  // The placebo beside them shows what order of linking and place in the round do alone.
  const placebo = Math.min(1, results.get('placebo')?.ratio || 1);
  const kept: TunedUnit[] = [];
  for (const unit of context.units) {
    const result = results.get(`stock ${unit.key}`);
    if (result !== undefined && result.outcome !== 'failed' && result.ratio < placebo) kept.push(unit);
    else dropped.set(unit, 'the stock compiler is as fast');
  }
  const needless = shortenings.filter(({ id }) => isNeedless(results.get(id)));
  if (kept.length > 0 && needless.length > 0) await shorten(context, kept, needless);
  const leverGains = new Map<string, Ratio>();
  for (const { id, lever } of shortenings) {
    if (lever !== undefined) {
      leverGains.set(lever, product(leverGains.get(lever) ?? even, invert(results.get(id))));
    }
  }
  return { kept, leverGains };
}

/** What is left out has to change the object: where it does not, it is left out at once. */
async function shorteningsOf(context: JudgeContext): Promise<Shortening[]> {
  const found: Shortening[] = [];
  const add = async (units: readonly TunedUnit[], lever?: string): Promise<void> => {
    const objects = new Map<TunedUnit, CompiledObject>();
    for (const unit of units) {
      const configuration = without(unit.incumbent.configuration, lever);
      const outcome = await context.workspace.compile(unit.command, configuration);
      if (outcome.kind !== 'compiled') return;
      if (outcome.object.hash === unit.incumbent.object.hash) {
        unit.incumbent = { ...unit.incumbent, configuration, object: outcome.object };
      } else objects.set(unit, outcome.object);
    }
    if (objects.size === 0) return;
    // Without its only lever.
    if (lever === undefined && found.some((one) => isSameCode(one.objects, objects))) return;
    const what = lever === undefined ? 'plain' : `without ${lever}`;
    const id = `${what} ${units.map(({ key }) => key).join(' ')}`;
    found.push({ id, objects, ...(lever && { lever }) });
  };
  const levers = new Set(context.units.flatMap(({ incumbent }) => Object.keys(incumbent.configuration)));
  const groups = groupsApart(context.units);
  for (const lever of levers) {
    for (const group of groups) {
      const users = group.filter(({ incumbent }) => lever in incumbent.configuration);
      if (users.length > 0) await add(users, lever);
    }
  }
  for (const unit of context.units) {
    if (Object.keys(unit.incumbent.configuration).length > 0) await add([unit]);
  }
  return found;
}

function isSameCode(
  one: ReadonlyMap<TunedUnit, CompiledObject>,
  other: ReadonlyMap<TunedUnit, CompiledObject>,
): boolean {
  return one.size === other.size && [...one].every(([unit, { hash }]) => other.get(unit)?.hash === hash);
}

/** Leaves out at once all that is needless by itself; together it may matter, so each group of units that share cases is compared again. */
async function shorten(
  context: JudgeContext,
  kept: readonly TunedUnit[],
  needless: readonly Shortening[],
): Promise<void> {
  const shorter = new Map<TunedUnit, TunedUnit['incumbent']>();
  for (const unit of kept) {
    let { configuration } = unit.incumbent;
    for (const { objects, lever } of needless)
      if (objects.has(unit)) configuration = without(configuration, lever);
    const outcome = await context.workspace.compile(unit.command, configuration);
    if (outcome.kind === 'compiled')
      shorter.set(unit, { ...unit.incumbent, configuration, object: outcome.object });
  }
  const changed = groupsApart(context.units).flatMap((group): Difference[] => {
    const objects = new Map<TunedUnit, CompiledObject>();
    for (const unit of group) {
      const object = shorter.get(unit)?.object;
      if (object !== undefined && object.hash !== unit.incumbent.object.hash) objects.set(unit, object);
    }
    return objects.size === 0 ? [] : [{ id: `shorter ${objects.keys().next().value?.key}`, objects }];
  });
  if (changed.length > 0) {
    context.onStep('checking the shorter configurations together');
    const results = await compareEach(context, finalAssembly(kept), 'tune', [changed]);
    for (const { id, objects } of changed) {
      if (!isNeedless(results.get(id))) for (const unit of objects.keys()) shorter.delete(unit);
    }
    const assembly = replaced(kept, shorter);
    const [verified] = await context.trials.verify([await context.workspace.variant('shorter', assembly)]);
    if (verified?.outcome !== 'equal') return;
  }
  for (const [unit, incumbent] of shorter) unit.incumbent = incumbent;
}

/** Whether the addon is as fast with less, a test of non-inferiority. */
export function isNeedless(result: VariantResult | undefined): boolean {
  if (result === undefined || result.outcome === 'failed') return false;
  const { ratio, ci } = result;
  return ratio > leastNeeded && ci[0] > leastSure && ci[1] >= 1;
}

/** Without one lever, or without any. */
function without(configuration: Configuration, lever: string | undefined): Configuration {
  if (lever === undefined) return {};
  return Object.fromEntries(Object.entries(configuration).filter(([id]) => id !== lever));
}

interface Confirmation extends Gains {
  readonly instructions?: TuneResult['instructions'];
  readonly noiseFloor: number;
  /** What is clearly faster than the final addon for units that share cases: no profiles, the dropped ones tuned as well, or plain clang -O3 for all. */
  readonly better: ReadonlyMap<TunedUnit, Alternative>;
}

const alternatives = ['unprofiled', 'all', 'o3'] as const;
type Alternative = (typeof alternatives)[number];

/** What the units that have a profile could have instead; none where that is not right together. */
async function withoutProfiles(
  context: JudgeContext,
  kept: readonly TunedUnit[],
): Promise<ReadonlyMap<TunedUnit, Incumbent>> {
  const found = new Map<TunedUnit, Incumbent>();
  for (const unit of kept) {
    if (profileLeverOf(unit.incumbent.configuration) === undefined) continue;
    const configuration = bestUnprofiled(unit, context.units, context.scopes);
    if (!(await context.workspace.isSound(unit.command, configuration))) continue;
    const outcome = await context.workspace.compile(unit.command, configuration);
    if (outcome.kind === 'compiled') found.set(unit, { configuration, object: outcome.object, speedup: 1 });
  }
  if (found.size === 0) return found;
  const variant = await context.workspace.variant('unprofiled', replaced(kept, found));
  const [verified] = await context.trials.verify([variant]);
  return verified?.outcome === 'equal' ? found : new Map();
}

async function confirm(
  context: JudgeContext,
  kept: readonly TunedUnit[],
  unprofiled: ReadonlyMap<TunedUnit, Incumbent> = new Map(),
): Promise<Confirmation> {
  context.onStep('confirming on fresh samples (check inputs)');
  const final = finalAssembly(kept);
  const others = new Map<string, Assembly>([
    ['stock', new Map()],
    ['o3', context.baseline],
  ]);
  if (kept.length < context.units.length && !context.units.every(isPlain)) {
    others.set('all', finalAssembly(context.units));
  }
  if (unprofiled.size > 0) others.set('unprofiled', replaced(kept, unprofiled));
  const results = await compare(context, final, 'confirm', 'check', others);
  const placebo = placeboEffect(results.get('placebo'));
  const noiseFloor = Math.max(context.noise.value, placebo);
  const better = new Map<TunedUnit, Alternative>();
  for (const group of groupsApart(context.units)) {
    const own = casesOf(group);
    const inGroup = (id: string): VariantResult | undefined => {
      const result = results.get(id);
      return result && onOwnCases(result, own);
    };
    const isOther: Record<Alternative, boolean> = {
      unprofiled: group.some((unit) => unprofiled.has(unit)),
      all: group.some((unit) => !kept.includes(unit)),
      o3: group.some((unit) => !kept.includes(unit) || !isPlain(unit)),
    };
    const noise = placeboEffect(inGroup('placebo'));
    const [best] = alternatives
      .filter((id) => isOther[id] && isGain(inGroup(id), noise))
      .sort((a, b) => (inGroup(b)?.ratio ?? 0) - (inGroup(a)?.ratio ?? 0));
    if (best !== undefined) for (const unit of group) better.set(unit, best);
  }
  const over = (id: string): Ratio => widened(invert(results.get(id)), noiseFloor);
  const vsStock = kept.length === 0 ? even : over('stock');
  const vsO3 = over('o3');
  const [o3, stock] = [results.get('o3')?.instructions, results.get('stock')?.instructions];
  return {
    vsStock,
    vsO3,
    ...(o3 !== undefined && stock !== undefined && { instructions: { vsO3: 1 / o3, vsStock: 1 / stock } }),
    noiseFloor,
    better,
  };
}

function makePlain(unit: TunedUnit): void {
  unit.incumbent = { configuration: {}, object: unit.baseline, speedup: 1 };
}

function isPlain({ incumbent, baseline }: TunedUnit): boolean {
  return incumbent.object.hash === baseline.hash;
}

/** What every unit adds: the final addon over the same with that unit by clang -O3, or by the stock compiler. */
async function contributions(
  context: JudgeContext,
  kept: readonly TunedUnit[],
  { vsO3, vsStock, noiseFloor }: Confirmation,
): Promise<ReadonlyMap<TunedUnit, Gains>> {
  const [only] = kept;
  if (only === undefined) return new Map();
  if (context.units.length === 1) return new Map([[only, { vsO3: isPlain(only) ? even : vsO3, vsStock }]]);
  context.onStep(`measuring what each of ${kept.length} files adds`);
  const tuned = kept.filter((unit) => !isPlain(unit));
  const results = await compareEach(context, finalAssembly(kept), 'check', [
    tuned.map((unit) => differenceIn(unit, unit.baseline)),
    kept.map((unit) => differenceIn(unit, 'stock')),
  ]);
  const over = (id: string): Ratio => widened(invert(results.get(id)), noiseFloor);
  return new Map(
    kept.map((unit) => [
      unit,
      {
        vsO3: isPlain(unit) ? even : over(`o3 ${unit.key}`),
        vsStock: over(`stock ${unit.key}`),
      },
    ]),
  );
}

/** Which part of a unit's entry the check inputs speak against. */
function misfit(measured: Gains | undefined, noiseFloor: number): 'levers' | 'unit' | undefined {
  if (measured === undefined) return 'unit';
  if (measured.vsO3.ci[1] < 1) return 'levers';
  return measured.vsStock.ratio * (1 + noiseFloor) <= 1 ? 'unit' : undefined;
}

import type { Evidence } from '../evidence/types.js';
import type { PolicyTrial, SeenTrial } from '../policy/types.js';
import type { Budget } from './budget.js';
import { casesOf } from './on-cases.js';
import { seenTrials } from './seen-trials.js';
import { asTrial, type TunedUnit } from './units.js';

/** What one proposal is for: all hot units at once, or one of them. */
export interface Scope {
  readonly kind: 'addon' | 'unit';
  /** The unit's key; `addonScope` for all. */
  readonly key: string;
  readonly units: readonly TunedUnit[];
  readonly language: 'c' | 'c++';
  readonly evidence: Evidence;
  readonly history: SeenTrial[];
  /** Hash of the objects → the trial that measured them. */
  readonly seen: Map<string, PolicyTrial>;
  /** Trials since the last gain. */
  sinceGain: number;
  exhausted: boolean;
}

/** Key of the scope of all hot units. */
export const addonScope = 'all hot files';

/** All hot units together, where there are several, and each of them. */
export function scopesOf(units: readonly TunedUnit[]): Scope[] {
  const single = units.map((unit) => scopeOf('unit', unit.key, [unit], unit.evidence));
  return units.length > 1 ? [scopeOf('addon', addonScope, units, together(units)), ...single] : single;
}

function scopeOf(kind: Scope['kind'], key: string, units: readonly TunedUnit[], evidence: Evidence): Scope {
  const language = units.some(({ command }) => command.language === 'c++') ? 'c++' : 'c';
  return {
    kind,
    key,
    units,
    language,
    evidence,
    history: [],
    seen: new Map(),
    sinceGain: 0,
    exhausted: false,
  };
}

function together(units: readonly TunedUnit[]): Evidence {
  const all = units.map(({ evidence }) => evidence);
  const ownLevel = all[0]?.ownLevel;
  const isShared = ownLevel !== undefined && all.every((one) => one.ownLevel === ownLevel);
  return {
    ...(isShared && { ownLevel }),
    file: addonScope,
    share: all.reduce((sum, { share }) => sum + share, 0),
    hot: all.flatMap(({ hot }) => hot).sort((a, b) => b.share - a.share),
    remarks: all.flatMap(({ remarks }) => remarks),
    assembly: all.flatMap(({ assembly }) => assembly),
    loops: all.flatMap(({ loops = [] }) => loops),
    sources: Object.assign({}, ...all.map(({ sources }) => sources)),
  };
}

/** Trials on all units at once without a gain after which single units have their turn. */
const patience = 10;
/** Up to so many trials on all units are not many: where files take long to compile, the first batch can take half of the search. */
const fewTrials = 5;

/**
 * The scopes that get the next batch, from coarse to fine: all hot units at once for up to half of the search as long as that gains, and once more
 * where a small first batch took that long and gained; then single units by their share of time, more where a trial on all units made their own code
 * faster, less where the stock compiler's code is ahead, divided by the trials they have had and by how long they have brought nothing. Units that the
 * bench runs apart get theirs at the same time; where there are such, all units at once have one batch. Empty when every scope is exhausted.
 * @param leads of the stock compiler's code over -O3 in each unit, as natural logarithms
 */
export function nextScopes(
  scopes: readonly Scope[],
  budget: Pick<Budget, 'searchProgress'>,
  leads: ReadonlyMap<TunedUnit, number> = new Map(),
): readonly Scope[] {
  const addon = scopes.find(({ kind }) => kind === 'addon');
  const single = scopes.filter(({ kind }) => kind === 'unit');
  const open = single.filter(({ exhausted }) => !exhausted);
  const units = single.flatMap((scope) => scope.units);
  const worth = ({ evidence, history, sinceGain, units: own }: Scope): number => {
    const [unit] = own;
    if (unit === undefined) return 0;
    const gainIn = ({ inUnit = 1 }: SeenTrial): number => Math.log(inUnit);
    const [held = 0] = seenTrials(own, units, [asTrial(unit.incumbent)]).map(gainIn);
    const promise = Math.max(0, held, ...seenTrials(own, units, addon?.history ?? []).map(gainIn)) - held;
    const behind = Math.max(0, (leads.get(unit) ?? 0) - held);
    const hope = (1 + promise / typicalGain) / (1 + behind / largeGain);
    return (evidence.share * hope) / (1 + history.length / 8) / (1 + sinceGain / 16);
  };
  // Once for each: it takes a regression for every trial.
  const rated = open.map((scope) => ({ scope, value: worth(scope) })).sort((a, b) => b.value - a.value);
  const chosen = runApart(rated.map(({ scope }) => scope));
  const isFine = single.some(({ history }) => history.length > 0);
  if (addon !== undefined && !isFine && !addon.exhausted) {
    const { history, sinceGain } = addon;
    const isEnough = chosen.length > 1 ? history.length > 0 : sinceGain >= patience;
    const isPromising = history.length > 0 && history.length <= fewTrials && sinceGain === 0;
    if (!isEnough && (budget.searchProgress < 0.5 || isPromising)) return [addon];
  }
  return chosen;
}

/** The first, and every further one that shares no case of the bench with those before it. */
function runApart(scopes: readonly Scope[]): Scope[] {
  const chosen: Scope[] = [];
  const taken = new Set<string>();
  for (const scope of scopes) {
    const own = casesOf(scope.units)?.names;
    const isApart = own?.every((name) => !taken.has(name)) ?? false;
    if (chosen.length > 0 && !isApart) continue;
    chosen.push(scope);
    if (own === undefined) break;
    for (const name of own) taken.add(name);
  }
  return chosen;
}

/** What a unit's code usually gains by trials of its own, as a natural logarithm. */
const typicalGain = 0.02;
/** What it gains by them if all goes well. */
const largeGain = 0.05;

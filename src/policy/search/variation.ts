import { isForGcc } from '../../levers/gcc.js';
import type { Configuration, LeverValue } from '../../levers/types.js';
import { completed, drawSetting, pick, type Setting, settingsBeside } from './space.js';

const mostLevers = 10;
/** How often each kind of mutation is drawn; what cannot be done becomes an addition. */
const chances = { add: 0.4, drop: 0.25, neighbour: 0.25 };

/** One lever more, one fewer, one with a neighbouring value, or one exchanged for another. */
export function mutate(
  configuration: Configuration,
  settings: readonly Setting[],
  uniform: () => number,
): Configuration {
  return completed(mutated(configuration, settingsBeside(configuration, settings), uniform));
}

function mutated(
  configuration: Configuration,
  settings: readonly Setting[],
  uniform: () => number,
): Configuration {
  const chance = uniform();
  const id = pick(Object.keys(configuration), uniform);
  if (id === undefined || chance < chances.add) return added(configuration, settings, uniform);
  if (chance < chances.add + chances.drop) return without(configuration, id);
  if (chance < chances.add + chances.drop + chances.neighbour) {
    const values = settings.find((setting) => setting.id === id)?.values ?? [];
    const value = neighbour(values, configuration[id], uniform);
    if (value !== undefined) return { ...configuration, [id]: value };
  }
  return added(without(configuration, id), settings, uniform);
}

/** Every lever of either parent with even chances; a lever of both with the value of one of them. Of two for different compilers the first. */
export function cross(one: Configuration, other: Configuration, uniform: () => number): Configuration {
  if (isForGcc(one) !== isForGcc(other)) return one;
  const child: Record<string, LeverValue> = {};
  for (const id of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const value = (uniform() < 0.5 ? one : other)[id];
    if (value !== undefined) child[id] = value;
  }
  return completed(child);
}

/**
 * What tells `better` from `worse`, done to `base`: levers that only the better one has, or has with another value, are
 * set, those that only the worse one has are dropped; each with the chance given. Differential evolution (Storn and
 * Price 1997) for sets of levers.
 */
export function shift(
  base: Configuration,
  [better, worse]: readonly [Configuration, Configuration],
  chance: number,
  uniform: () => number,
): Configuration {
  const child: Record<string, LeverValue> = { ...base };
  for (const id of new Set([...Object.keys(better), ...Object.keys(worse)])) {
    const value = better[id];
    if (value === worse[id] || uniform() >= chance) continue;
    if (value === undefined) delete child[id];
    else child[id] = value;
  }
  return child;
}

/** New values for two or three levers of one group, that is, whose ids begin with the same word: they act on one thing. */
export function mutateGroup(
  configuration: Configuration,
  settings: readonly Setting[],
  uniform: () => number,
): Configuration {
  const own = settingsBeside(configuration, settings);
  const first = pick(own, uniform);
  if (first === undefined) return configuration;
  const group = own.filter(({ id }) => groupOf(id) === groupOf(first.id));
  const kept = Object.entries(configuration).filter(([id]) => groupOf(id) !== groupOf(first.id));
  const count = 2 + Math.floor(uniform() * 2);
  const drawn = Array.from({ length: count }, () => drawSetting(group, uniform));
  return completed(Object.fromEntries([...kept, ...drawn.filter((entry) => entry !== undefined)]));
}

function groupOf(id: string): string {
  return id.split('-')[0] ?? id;
}

function added(
  configuration: Configuration,
  settings: readonly Setting[],
  uniform: () => number,
): Configuration {
  const crowded = Object.keys(configuration).length >= mostLevers;
  const id = crowded ? pick(Object.keys(configuration), uniform) : undefined;
  const entry = drawSetting(settings, uniform);
  const room = id === undefined ? configuration : without(configuration, id);
  return entry === undefined ? room : { ...room, [entry[0]]: entry[1] };
}

function without(configuration: Configuration, id: string): Configuration {
  return Object.fromEntries(Object.entries(configuration).filter(([present]) => present !== id));
}

/** The next value above or below in the list; of a value that is not listed, any other. */
function neighbour(
  values: readonly LeverValue[],
  value: LeverValue | undefined,
  uniform: () => number,
): LeverValue | undefined {
  const at = value === undefined ? -1 : values.indexOf(value);
  const beside = at < 0 ? values : [values[at - 1], values[at + 1]].filter((one) => one !== undefined);
  return pick(beside, uniform);
}

import { isDeepStrictEqual } from 'node:util';
import { conflicts } from '../../levers/conflicts.js';
import { shownValue } from '../../levers/profiles.js';
import type { Configuration, LeverValue, Scalar } from '../../levers/types.js';
import type { Theme } from './rule.js';

/** Something to try, and what it is thought to be worth. */
export interface Idea {
  readonly configuration: Configuration;
  /** Expected gain over the incumbent in percent, times its probability. */
  readonly value: number;
  /** A combination draws on measurements: any number of them may be in one batch. */
  readonly theme: Theme | 'combination';
  readonly reason: string;
  /** Kept in the journal as the proposal's origin. */
  readonly origin: string;
}

/** A speedup as a gain in percent of time: 100 times its natural logarithm. */
export function percentOf(speedup: number): number {
  return 100 * Math.log(speedup);
}

/** Both configurations at once; lists of functions, and hints of different loops, are united. `undefined` when they contradict each other. */
export function merged(one: Configuration, other: Configuration): Configuration | undefined {
  const result: Record<string, Configuration[string]> = { ...one };
  for (const [id, value] of Object.entries(other)) {
    const present = result[id];
    if (present === undefined) result[id] = value;
    else if (Array.isArray(present) && Array.isArray(value)) {
      result[id] = [...new Set([...(present as string[]), ...(value as string[])])].sort();
    } else if (isMap(present) && isMap(value)) {
      const joined = { ...present, ...value };
      if (Object.entries(present).some(([key, item]) => joined[key] !== item)) return undefined;
      result[id] = joined;
    } else if (JSON.stringify(present) !== JSON.stringify(value)) return undefined;
  }
  return conflicts(result).length > 0 ? undefined : result;
}

/** What both configurations have, down to the functions of a list and the loops of a hint. */
export function shared(one: Configuration, other: Configuration): Configuration {
  const result: Record<string, LeverValue> = {};
  for (const [id, value] of Object.entries(one)) {
    const found = other[id];
    if (found === undefined) continue;
    const common = commonPart(value, found);
    if (common !== undefined) result[id] = common;
  }
  return result;
}

/** Whether all of a configuration stands in the other one as well. */
export function isPart(one: Configuration, other: Configuration): boolean {
  return isDeepStrictEqual(shared(one, other), one);
}

function commonPart(one: LeverValue, other: LeverValue): LeverValue | undefined {
  if (Array.isArray(one) && Array.isArray(other)) {
    const names = (one as string[]).filter((name) => (other as string[]).includes(name));
    return names.length > 0 ? names : undefined;
  }
  if (isMap(one) && isMap(other)) {
    const entries = Object.entries(one).filter(([key, item]) => other[key] === item);
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
  return one === other ? one : undefined;
}

function isMap(value: LeverValue): value is Readonly<Record<string, Scalar>> {
  return typeof value === 'object' && !Array.isArray(value);
}

/** `id=value` items, for reasons. */
export function describe(configuration: Configuration): string {
  return Object.entries(configuration)
    .map(([id, value]) => `${id}=${typeof value === 'object' ? JSON.stringify(value) : shownValue(value)}`)
    .join(' ');
}

import type { Configuration } from './types.js';

/** Searches ask for the keys of their whole history at every step. */
const keys = new WeakMap<Configuration, string>();

/** Canonical JSON with sorted keys: equal for equal configurations. */
export function configurationKey(configuration: Configuration): string {
  const known = keys.get(configuration);
  if (known !== undefined) return known;
  const key = canonicalJson(configuration);
  keys.set(configuration, key);
  return key;
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const items = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${items.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

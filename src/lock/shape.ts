/** An untrusted JSON object, seen as a map of unknown values. */
export type JsonObject = Readonly<Record<string, unknown>>;

const reserved: readonly string[] = ['__proto__', 'constructor', 'prototype'];
const maxDepth = 6;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Finds keys that could reach an object's prototype, and nesting deeper than any lock has. */
export function findHazard(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > maxDepth) return 'is nested too deeply';
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value) && reserved.includes(key)) return `has the forbidden key "${key}"`;
    const hazard = findHazard(item, depth + 1);
    if (hazard !== undefined) return hazard;
  }
  return undefined;
}

/** A finite number between two bounds, inclusive. */
export function isNumber(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= low && value <= high;
}

export function isInteger(value: unknown, low: number, high: number): value is number {
  return isNumber(value, low, high) && Number.isInteger(value);
}

export function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

/** The first key that is not among `known`. */
export function unknownKey(value: JsonObject, known: readonly string[]): string | undefined {
  return Object.keys(value).find((key) => !known.includes(key));
}

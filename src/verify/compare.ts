import { isStand, type Stand } from '../measure/child/encode.js';

/** How far numbers may differ where a config allows it: `|a - b| <= absolute + relative * max(|a|, |b|)`. */
export interface Tolerance {
  readonly absolute?: number;
  readonly relative?: number;
}

export type Comparison =
  | { readonly equal: true }
  | {
      readonly equal: false;
      /** Where in the output, as JavaScript would write it: `.words[3]`; empty for the output itself. */
      readonly path: string;
      readonly detail: string;
    };

interface Pair {
  readonly expected: unknown;
  readonly actual: unknown;
  readonly path: string;
}

/**
 * Deep equality of what a bench returned. Typed arrays, buffers and array buffers are compared by their bytes, floats included; NaN equals
 * itself; `-0` differs from `0`; maps compare by key and in order, sets in order, errors by name and message. A tolerance applies to
 * numbers and float arrays only.
 */
export function compareOutputs(expected: unknown, actual: unknown, tolerance?: Tolerance): Comparison {
  // A list instead of recursion: outputs may be linked lists of any length, and may be circular.
  const open: Pair[] = [{ expected, actual, path: '' }];
  const seen = new Map<object, Set<unknown>>();
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    if (typeof pair.expected === 'object' && pair.expected !== null) {
      const partners = seen.get(pair.expected) ?? new Set();
      if (partners.has(pair.actual)) continue;
      seen.set(pair.expected, partners.add(pair.actual));
    }
    const found = compareOne(pair, tolerance);
    if (typeof found === 'string') return { equal: false, path: pair.path, detail: found };
    // Reversed, so that the first difference in reading order is reported.
    open.push(...found.reverse());
  }
  return { equal: true };
}

/** The pairs inside, or how the two differ. */
function compareOne({ expected, actual, path }: Pair, tolerance: Tolerance | undefined): Pair[] | string {
  if (Object.is(expected, actual)) return [];
  const differ = `expected ${show(expected)}, got ${show(actual)}`;
  if (typeof expected === 'number' && typeof actual === 'number')
    return close(expected, actual, tolerance) ? [] : differ;
  if (typeof expected !== 'object' || typeof actual !== 'object') return differ;
  if (expected === null || actual === null) return differ;
  if (kindOf(expected) !== kindOf(actual)) return `expected ${kindOf(expected)}, got ${kindOf(actual)}`;
  if (isStand(expected) && isStand(actual)) {
    if (expected.$autopass !== actual.$autopass || expected.name !== actual.name) return differ;
    return [{ expected: expected.value, actual: actual.value, path }];
  }
  const bytes = bytesOf(expected);
  const actualBytes = bytesOf(actual);
  if (bytes !== undefined && actualBytes !== undefined) {
    return compareBinary({ value: expected, bytes }, { value: actual, bytes: actualBytes }, path, tolerance);
  }
  if (expected instanceof Date || expected instanceof RegExp || isBoxed(expected)) {
    return Object.is(primitive(expected), primitive(actual)) ? [] : differ;
  }
  if (expected instanceof Map && actual instanceof Map)
    return compareSequences([...expected], [...actual], path, 'entries');
  if (expected instanceof Set && actual instanceof Set)
    return compareSequences([...expected], [...actual], path, 'members');
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) {
    return `expected ${expected.length} items, got ${actual.length}`;
  }
  return compareProperties(expected, actual, path);
}

function compareSequences(
  expected: unknown[],
  actual: unknown[],
  path: string,
  what: string,
): Pair[] | string {
  if (expected.length !== actual.length) return `expected ${expected.length} ${what}, got ${actual.length}`;
  return expected.map((item, index) => ({
    expected: item,
    actual: actual[index],
    path: `${path}.${what}()[${index}]`,
  }));
}

function compareProperties(expected: object, actual: object, path: string): Pair[] | string {
  const theirs = new Map<string, unknown>(Object.entries(actual));
  const pairs: Pair[] = [];
  for (const [key, value] of Object.entries(expected)) {
    if (!theirs.has(key)) return `${show(key)} is missing`;
    const place =
      Array.isArray(expected) || !/^[A-Za-z_$][\w$]*$/.test(key) ? `[${inBrackets(key)}]` : `.${key}`;
    pairs.push({ expected: value, actual: theirs.get(key), path: path + place });
    theirs.delete(key);
  }
  const [extra] = theirs.keys();
  return extra === undefined ? pairs : `${show(extra)} was not expected`;
}

function inBrackets(key: string): string {
  return /^\d+$/.test(key) ? key : JSON.stringify(key);
}

interface Binary {
  readonly value: object;
  readonly bytes: Buffer;
}

function compareBinary(
  expected: Binary,
  actual: Binary,
  path: string,
  tolerance: Tolerance | undefined,
): Pair[] | string {
  if (expected.bytes.equals(actual.bytes)) return [];
  if (expected.bytes.length !== actual.bytes.length) {
    return `expected ${expected.bytes.length} bytes, got ${actual.bytes.length}`;
  }
  const floats = floatsOf(expected.value);
  const theirs = floatsOf(actual.value);
  if (floats !== undefined && theirs !== undefined && tolerance !== undefined) {
    const at = floats.findIndex((value, index) => !close(value, theirs[index] ?? Number.NaN, tolerance));
    if (at < 0) return [];
    return `at ${path}[${at}]: expected ${show(floats[at])}, got ${show(theirs[at])}`;
  }
  const at = expected.bytes.findIndex((byte, index) => byte !== actual.bytes[index]);
  return `byte ${at} of ${expected.bytes.length}: expected ${expected.bytes[at]}, got ${actual.bytes[at]}`;
}

function close(expected: number, actual: number, tolerance: Tolerance | undefined): boolean {
  if (Object.is(expected, actual)) return true;
  if (tolerance === undefined) return false;
  const { absolute = 0, relative = 0 } = tolerance;
  return Math.abs(expected - actual) <= absolute + relative * Math.max(Math.abs(expected), Math.abs(actual));
}

function bytesOf(value: object): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  return undefined;
}

function floatsOf(value: object): Float32Array | Float64Array | undefined {
  return value instanceof Float32Array || value instanceof Float64Array ? value : undefined;
}

/** `Buffer` and `Uint8Array` are the same to the caller of a bench. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function isBoxed(value: object): boolean {
  return value instanceof Number || value instanceof String || value instanceof Boolean;
}

function primitive(value: object): unknown {
  return value instanceof RegExp ? String(value) : value.valueOf();
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'object' && value !== null)
    return isStand(value) ? showStand(value) : `an ${kindOf(value)}`;
  return String(value);
}

function showStand({ $autopass, name }: Stand): string {
  return `${$autopass} ${name}`;
}

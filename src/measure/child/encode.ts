/** Stands for a value that cannot leave its process: a function, a symbol, an instance of a class. */
export interface Stand {
  readonly $autopass: 'function' | 'symbol' | 'instance' | 'error';
  readonly name: string;
  readonly value?: unknown;
}

/** Whether a value stands for another one. */
export function isStand(value: unknown): value is Stand {
  return typeof value === 'object' && value !== null && '$autopass' in value;
}

/**
 * Turns what a case returned into something that `v8.serialize` takes, without losing what comparing needs: typed arrays, maps, sets, dates,
 * big integers, NaN and negative zero stay; functions become their names, class instances their own properties.
 */
export function encodeOutput(value: unknown, seen: Map<object, unknown> = new Map()): unknown {
  if (typeof value === 'function') return stand('function', value.name);
  if (typeof value === 'symbol') return stand('symbol', value.description ?? '');
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (isBinary(value)) return value;
  if (value instanceof Date || value instanceof RegExp || value instanceof Boolean) return value;
  if (value instanceof Number || value instanceof String) return value;
  if (Array.isArray(value)) return encodeInto(value, new Array(value.length), seen);
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    seen.set(value, copy);
    for (const [key, item] of value) copy.set(encodeOutput(key, seen), encodeOutput(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    seen.set(value, copy);
    for (const item of value) copy.add(encodeOutput(item, seen));
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return encodeInto(value, {}, seen);
  const properties = {};
  const copy =
    value instanceof Error
      ? { ...stand('error', value.name), value: { message: value.message, properties } }
      : { ...stand('instance', value.constructor?.name ?? ''), value: properties };
  seen.set(value, copy);
  encodeInto(value, properties, seen, false);
  return copy;
}

function isBinary(value: object): boolean {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true;
  return typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer;
}

function encodeInto(from: object, to: object, seen: Map<object, unknown>, remember = true): object {
  if (remember) seen.set(from, to);
  for (const [key, item] of Object.entries(from)) {
    // Defined, not assigned: a key named __proto__ must stay a key.
    const encoded = { value: encodeOutput(item, seen), enumerable: true, configurable: true, writable: true };
    Object.defineProperty(to, key, encoded);
  }
  return to;
}

function stand(kind: Stand['$autopass'], name: string): Stand {
  return { $autopass: kind, name };
}

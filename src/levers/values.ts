import { catalogue } from './catalogue.js';
import { insertedPass } from './pass-text.js';
import { printable } from './printable.js';
import { isProfileName } from './profiles.js';
import type { Lever, LeverValue, Scalar } from './types.js';

/** The value in canonical form, or why it was refused. */
export type ValueCheck =
  | { readonly ok: true; readonly value: LeverValue }
  | { readonly ok: false; readonly reason: string };

const maxFunctions = 64;
const maxLoops = 64;
const maxPasses = 16;
const maxNameLength = 512;
const symbolName = /^[A-Za-z_.$][\w.$]*$/;
const loopKey = /^([A-Za-z_.$][\w.$]*)\|\d{1,4}(\.\d{1,4}){0,15}\|[0-9a-f]{8}$/;
const reservedKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Checks a value against what its lever takes. Nothing of it is trusted. */
export function checkValue(lever: Lever, value: unknown): ValueCheck {
  switch (lever.shape) {
    case 'scalar':
      return isLegal(lever, value) ? { ok: true, value } : refuse(lever, value);
    case 'functions':
      return checkFunctions(value);
    case 'function-map':
      return checkMap(lever, value, maxFunctions, isSymbol, 'mangled function name');
    case 'loop-map':
      return checkMap(lever, value, maxLoops, isLoopKey, 'loop key (function|nest path|hash)');
    case 'passes':
      return checkPasses(lever, value);
    case 'pass':
      return { ok: false, reason: 'is inserted through a lever ep:…, it cannot stand alone' };
    case 'profile':
      return isProfileName(value)
        ? { ok: true, value }
        : { ok: false, reason: `takes the SHA-256 of a profile, not ${printable(value)}` };
    case 'none':
      return { ok: false, reason: lever.unreachable ?? 'takes no value' };
  }
}

/** Whether a scalar is one of the listed values or inside the range. */
export function isLegal(lever: Lever, value: unknown): value is Scalar {
  if (lever.values.includes(value as Scalar)) return true;
  if (lever.range === undefined || typeof value !== 'number' || !Number.isInteger(value)) return false;
  const [low, high] = lever.range;
  if (value < low || value > high) return false;
  return lever.powersOfTwo !== true || (value > 0 && (value & (value - 1)) === 0);
}

function refuse(lever: Lever, value: unknown): ValueCheck {
  return { ok: false, reason: `takes ${expected(lever)}, not ${printable(value)}` };
}

function expected(lever: Lever): string {
  if (lever.range === undefined) return lever.values.map((value) => JSON.stringify(value)).join(' or ');
  const [low, high] = lever.range;
  return `${lever.powersOfTwo === true ? 'a power of two' : 'a whole number'} from ${low} to ${high}`;
}

function isSymbol(name: string): boolean {
  return name.length <= maxNameLength && symbolName.test(name);
}

function isLoopKey(key: string): boolean {
  return key.length <= maxNameLength + 100 && loopKey.test(key);
}

function checkFunctions(value: unknown): ValueCheck {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxFunctions) {
    return { ok: false, reason: `takes a list of 1 to ${maxFunctions} mangled function names` };
  }
  const names: unknown[] = value;
  const bad = names.find((name) => typeof name !== 'string' || !isSymbol(name));
  if (bad !== undefined) return { ok: false, reason: `${printable(bad)} is not a mangled function name` };
  return { ok: true, value: [...new Set(names as string[])].sort() };
}

function checkMap(
  lever: Lever,
  value: unknown,
  limit: number,
  isKey: (key: string) => boolean,
  keyName: string,
): ValueCheck {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, reason: `takes an object from ${keyName} to value` };
  }
  const items = Object.entries(value as Record<string, unknown>);
  if (items.length === 0 || items.length > limit) return { ok: false, reason: `takes 1 to ${limit} items` };
  for (const [key, item] of items) {
    if (!isKey(key) || reservedKeys.includes(key)) {
      return { ok: false, reason: `${printable(key)} is not a ${keyName}` };
    }
    if (!isLegal(lever, item)) return refuse(lever, item);
  }
  const sorted = (items as [string, Scalar][]).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ok: true, value: Object.fromEntries(sorted) };
}

function checkPasses(lever: Lever, value: unknown): ValueCheck {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxPasses) {
    return { ok: false, reason: `takes a list of 1 to ${maxPasses} levers pass:…` };
  }
  for (const id of value as unknown[]) {
    const pass = typeof id === 'string' ? catalogue.get(id) : undefined;
    if (pass?.shape !== 'pass') return { ok: false, reason: `${printable(id)} is not a lever pass:…` };
    if (insertedPass(lever, pass) === undefined) {
      return { ok: false, reason: `${pass.id} cannot run at this place of the pipeline` };
    }
  }
  return { ok: true, value: [...(value as string[])] };
}

import { printable } from '../levers/printable.js';
import type { LeverPolicy } from '../levers/types.js';
import { compareEntries, entryName } from './order.js';
import { parseEntry } from './parse-entry.js';
import { findHazard, isObject } from './shape.js';
import type { LockEntry, LockProblem, LockReading } from './types.js';

/** A lock of this many characters or bytes or more is not read. */
export const maxLockSize: number = 4 * 1024 * 1024;

const maxEntries = 10_000;
const conflictMarker = /^(?:<{7}|\|{7}|={7}|>{7})(?: |\r?$)/m;
const topKeys = ['version', 'entries', '$comment'];

/**
 * Reads the text of a lock. It is untrusted: every entry is checked against the catalogue, and refused ones are listed.
 * `policy` names the opt-in levers that the package itself allows, outside the lock; by default none.
 */
export function parseLock(text: string, name: string, policy: LeverPolicy = { allow: [] }): LockReading {
  const invalid = (reason: string, hint: string): LockReading => ({
    kind: 'invalid',
    problem: { where: name, reason },
    hint,
  });
  if (text.length >= maxLockSize) return invalid('is larger than 4 MB', restore);

  const parsed = parseJson(text);
  if (!parsed.ok) {
    return conflictMarker.test(text)
      ? invalid(
          'contains git conflict markers',
          `keep the entries of both sides in ${name}, delete the markers, build again`,
        )
      : invalid(`is not valid JSON (${parsed.reason})`, restore);
  }
  const { value } = parsed;
  if (!isObject(value)) return invalid('is not a JSON object', restore);
  if (value.version !== 1) {
    return typeof value.version === 'number' && value.version > 1
      ? invalid(
          `has version ${printable(value.version)}, which is newer than this AutoPass`,
          'npm install autopass-native@latest',
        )
      : invalid(`has the unknown version ${printable(value.version)}`, restore);
  }
  if (!Array.isArray(value.entries)) return invalid('has no list "entries"', restore);
  if (value.entries.length > maxEntries) return invalid(`has more than ${maxEntries} entries`, restore);
  const { entries, ...rest } = value;
  const hazard = findHazard(rest);
  if (hazard !== undefined) return invalid(hazard, restore);

  const strangers = Object.keys(rest).filter((key) => !topKeys.includes(key));
  const problems = strangers.map((key) => ({
    where: name,
    reason: `the unknown field ${printable(key)} is ignored`,
  }));
  return { kind: 'ok', ...parseEntries(entries as readonly unknown[], name, policy, problems) };
}

const restore = 'restore it from version control, or delete it and tune again: npx autopass tune';

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  try {
    return { ok: true, value: JSON.parse(text.replace(/^\uFEFF/, '')) as unknown };
  } catch (error) {
    return {
      ok: false,
      reason: printable(error instanceof Error ? error.message : error).replaceAll('"', ''),
    };
  }
}

function parseEntries(
  values: readonly unknown[],
  name: string,
  policy: LeverPolicy,
  first: readonly LockProblem[],
): { lock: { version: 1; entries: readonly LockEntry[] }; problems: readonly LockProblem[] } {
  const problems = [...first];
  const entries = new Map<string, LockEntry>();
  for (const [index, value] of values.entries()) {
    const reading = parseEntry(value, policy);
    if (!reading.ok) {
      problems.push({ where: whereabouts(name, index, value), reason: reading.reason });
    } else if (entries.has(entryName(reading.entry))) {
      problems.push({
        where: whereabouts(name, index, value),
        reason: 'repeats an earlier entry; the first one counts',
      });
    } else {
      entries.set(entryName(reading.entry), reading.entry);
    }
  }
  return { lock: { version: 1, entries: [...entries.values()].sort(compareEntries) }, problems };
}

/** `autopass.lock, entry 2 (src/a.c, linux-glibc-x64/x86-64-v1)` */
function whereabouts(name: string, index: number, value: unknown): string {
  const named = isObject(value) && typeof value.file === 'string' && typeof value.target === 'string';
  const what = named
    ? ` (${[value.file, value.target].map((text) => printable(text).replaceAll('"', '')).join(', ')})`
    : '';
  return `${name}, entry ${index + 1}${what}`;
}

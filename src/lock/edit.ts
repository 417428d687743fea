import { compareEntries, entryName } from './order.js';
import type { Lock, LockEntry } from './types.js';

/** The lock with `entry` added, or in the place of the one of the same file, object and target. */
export function upsertEntry(lock: Lock, entry: LockEntry): Lock {
  const others = lock.entries.filter((one) => entryName(one) !== entryName(entry));
  return { version: 1, entries: [...others, entry].sort(compareEntries) };
}

/** The lock without the entry of this file, object and target. */
export function removeEntry(lock: Lock, file: string, object: string | undefined, target: string): Lock {
  const name = entryName({ file, ...(object === undefined ? {} : { object }), target });
  return { version: 1, entries: lock.entries.filter((one) => entryName(one) !== name) };
}

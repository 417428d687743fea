import type { LockEntry } from './types.js';

/** Identifies an entry: file, object and target. */
export function entryName(entry: Pick<LockEntry, 'file' | 'object' | 'target'>): string {
  return JSON.stringify([entry.file, entry.object ?? '', entry.target]);
}

/** Order of entries in the file: file, object, target, by code unit on every machine. */
export function compareEntries(a: LockEntry, b: LockEntry): number {
  return compare(a.file, b.file) || compare(a.object ?? '', b.object ?? '') || compare(a.target, b.target);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

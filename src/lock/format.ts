import { compareEntries } from './order.js';
import type { Lock } from './types.js';

/** The text of a lock: two-space JSON, entries and keys sorted, one block of lines per entry. Equal locks give equal bytes. */
export function formatLock(lock: Lock): string {
  const entries = [...lock.entries].sort(compareEntries).map(sorted);
  return `${JSON.stringify({ version: lock.version, entries }, undefined, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const items = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(items.map(([key, item]) => [key, sorted(item)]));
}

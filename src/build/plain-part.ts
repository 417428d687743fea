import type { Lock } from '../lock/types.js';
import { variantTargets } from '../target/applied.js';
import type { BuildMachine } from '../target/machine.js';

/**
 * What of a lock is applied to the addon that the package loads. With `dispatch` the entries above the baseline are left out:
 * they go into variants of their own.
 */
export function plainPart(lock: Lock, { host, isa }: BuildMachine): Lock {
  if (isa !== 'dispatch') return lock;
  const elsewhere = variantTargets(host);
  return { ...lock, entries: lock.entries.filter(({ target }) => !elsewhere.includes(target)) };
}

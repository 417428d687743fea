import type { Lock } from '../lock/types.js';
import { variantTargets } from '../target/applied.js';
import type { BuildMachine } from '../target/machine.js';

/**
 * What of a lock is applied to the addon that the package loads, and for which targets. With `dispatch` the entries above the
 * baseline are left out: they go into variants of their own.
 */
export function plainPart(
  lock: Lock,
  { host, isa, targets }: BuildMachine,
): { lock: Lock; targets: readonly string[] } {
  if (isa !== 'dispatch') return { lock, targets };
  const elsewhere = variantTargets(host);
  return {
    lock: { ...lock, entries: lock.entries.filter(({ target }) => !elsewhere.includes(target)) },
    targets,
  };
}

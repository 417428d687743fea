import type { Lock } from '../lock/types.js';
import { appliedTargets, variantTargets } from '../target/applied.js';
import type { HostTarget } from '../target/host.js';

/** The config's `isa` as builds know it: hooks cannot read the config, so that it reaches them through the environment. */
export function appliedIsa(env: NodeJS.ProcessEnv): string {
  return env.AUTOPASS_ISA || 'baseline';
}

/**
 * What of a lock is applied to the addon that the package loads, and for which targets. With `dispatch` the entries above the
 * baseline are left out: they go into variants of their own.
 */
export function plainPart(
  lock: Lock,
  host: HostTarget,
  isa: string,
): { lock: Lock; targets: readonly string[] } {
  const targets = appliedTargets(host, isa);
  if (isa !== 'dispatch') return { lock, targets };
  const elsewhere = variantTargets(host);
  return {
    lock: { ...lock, entries: lock.entries.filter(({ target }) => !elsewhere.includes(target)) },
    targets,
  };
}

import { type DecidedPlan, decidePlans } from '../build/decide-plans.js';
import { isaLevelOf } from '../levers/isa-level.js';
import type { LeverPolicy } from '../levers/types.js';
import type { Lock, LockEntry } from '../lock/types.js';
import { variantTargets } from '../target/applied.js';
import { baselineTarget, type HostTarget } from '../target/host.js';

/** An ISA level that gets a variant of the addon. */
export interface Level {
  readonly name: string;
  readonly target: string;
  /** For the units that differ from the plain build; those without an entry for this very level have that of a lower one. */
  readonly plans: readonly DecidedPlan[];
}

/** The levels above the baseline for which the lock has something to apply, best first. */
export async function decideLevels(
  host: HostTarget,
  options: {
    packageRoot: string;
    lock: Lock;
    policy: LeverPolicy;
    env: NodeJS.ProcessEnv;
    isBuilt?: boolean;
  },
): Promise<Level[]> {
  const lock = withoutWeak(options.lock, baselineTarget(host));
  const targets = variantTargets(host);
  const levels: Level[] = [];
  for (const [index, target] of targets.entries()) {
    if (!lock.entries.some((entry) => entry.target === target)) continue;
    const { plans } = await decidePlans({ ...options, lock, machine: { targets: targets.slice(index) } });
    if (plans.some(({ entry }) => entry.target === target)) {
      levels.push({ name: isaLevelOf(target), target, plans });
    }
  }
  return levels;
}

/**
 * Without the entries that do not clearly win: the lower end of an entry's interval over the stock build must lie above what the same
 * unit's baseline entry reaches.
 */
export function withoutWeak(lock: Lock, baseline: string): Lock {
  const isAhead = (entry: LockEntry): boolean => {
    const plain = lock.entries.find(
      ({ file, object, target }) => file === entry.file && object === entry.object && target === baseline,
    );
    return entry.measured.vsStockCi[0] > (plain?.measured.vsStock ?? 1);
  };
  const isKept = (entry: LockEntry): boolean =>
    entry.target !== baseline && entry.verdict !== 'stock' && isAhead(entry);
  return { ...lock, entries: lock.entries.filter(isKept) };
}

import { appliedTargets } from './applied.js';
import { detectHost, type HostTarget, machineOf, runnableTargets } from './host.js';
import { formatTarget, requireTarget, tripleOf } from './target.js';

/** For whom a build chooses lock entries. */
export interface BuildMachine {
  readonly host: HostTarget;
  /** The config's `isa`; the target's level stands for it in a cross build. */
  readonly isa: string;
  /** Names of the targets whose entries go into the addon that the package loads, best first. */
  readonly targets: readonly string[];
  /** Set in a cross build: the target's name and what clang calls it. */
  readonly cross?: { readonly target: string; readonly triple: string };
}

/**
 * The machine that runs this process, with the `isa` of the environment, or the one that the cross build around it is for
 * (`AUTOPASS_TARGET`).
 * @throws AutoPassError `BAD_TARGET`
 */
export function buildMachine(env: NodeJS.ProcessEnv): BuildMachine {
  if (!env.AUTOPASS_TARGET) {
    const host = detectHost();
    // Hooks cannot read the config: its `isa` reaches them through the environment.
    const isa = env.AUTOPASS_ISA || 'baseline';
    return { host, isa, targets: appliedTargets(host, isa) };
  }
  const target = requireTarget(env.AUTOPASS_TARGET);
  const host = machineOf(target);
  const cross = { target: formatTarget(target), triple: tripleOf(target) };
  return { host, isa: target.level, targets: runnableTargets(host), cross };
}

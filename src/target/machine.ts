import { detectHost, type HostTarget, machineOf, runnableTargets } from './host.js';
import { formatTarget, requireTarget, tripleOf } from './target.js';

/** For whom a build chooses lock entries. */
export interface BuildMachine {
  readonly host: HostTarget;
  /** Names of the targets whose code is meant for it, best first. */
  readonly targets: readonly string[];
  /** Set in a cross build: the target's name and what clang calls it. */
  readonly cross?: { readonly target: string; readonly triple: string };
}

/**
 * The machine that runs this process, or the one that the cross build around it is for (`AUTOPASS_TARGET`).
 * @throws AutoPassError `BAD_TARGET`
 */
export function buildMachine(env: NodeJS.ProcessEnv): BuildMachine {
  if (!env.AUTOPASS_TARGET) {
    const host = detectHost();
    return { host, targets: runnableTargets(host) };
  }
  const target = requireTarget(env.AUTOPASS_TARGET);
  const host = machineOf(target);
  const cross = { target: formatTarget(target), triple: tripleOf(target) };
  return { host, targets: runnableTargets(host), cross };
}

import { isaLevelOf } from '../levers/isa-level.js';
import { type HostTarget, runnableTargets, targetName } from './host.js';
import { isaLevels } from './isa.js';

/**
 * Targets, best first, whose entries a build on this machine may apply to the addon that the package loads. Only `host` and a
 * level by name take more than every machine of this kind runs: a build must not die elsewhere of an illegal instruction.
 */
export function appliedTargets(host: HostTarget, isa: string): string[] {
  if (isa === 'host') return runnableTargets(host);
  const allowed = isaLevels[host.arch].slice(0, Math.max(0, isaLevels[host.arch].indexOf(isa)) + 1);
  return runnableTargets(host).filter((target) => allowed.includes(isaLevelOf(target)));
}

/** Targets above the baseline for which `isa: dispatch` makes variants, best first; this machine need not run them. */
export function variantTargets(host: HostTarget): string[] {
  const levels = isaLevels[host.arch].slice(1).reverse();
  return host.os === 'linux' ? levels.map((level) => targetName(host, level)) : [];
}

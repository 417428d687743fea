import { catalogue } from './catalogue.js';
import type { Configuration, Gate, Lever, LeverPolicy, RenderTarget } from './types.js';

/** The gate of a lever on one compiler. */
export function gateOf(lever: Lever, target: RenderTarget): Gate {
  return lever.blockedBelow !== undefined && target.major < lever.blockedBelow ? 'blocked' : lever.gate;
}

/**
 * Whether LLVM `major` has the lever: seen there, or seen on a measured major below and on one above it.
 * Newer majors than the measured ones count as the newest measured one; the options are tried on the real compiler anyway.
 */
export function worksOn(lever: Lever, major: number): boolean {
  const known = Math.min(major, newestMeasured);
  return lever.majors.includes(known) || neighbours(known).every((near) => lever.majors.includes(near));
}

const measured = [16, 19, 22] as const;
const newestMeasured = 22;

function neighbours(major: number): readonly number[] {
  const below = measured.filter((one) => one < major).at(-1);
  const above = measured.find((one) => one > major);
  return [below ?? Number.NaN, above ?? Number.NaN];
}

/** Why a lever cannot be used here at all or not without permission; `undefined` when it can. */
export function refusal(lever: Lever, policy: LeverPolicy, target: RenderTarget): string | undefined {
  if (lever.unreachable !== undefined) return `cannot be part of a configuration: ${lever.unreachable}`;
  const arch = target.arch === 'x64' ? 'x86-64' : 'aarch64';
  if (lever.target !== 'any' && lever.target !== arch) return `exists for ${lever.target} only`;
  if (lever.kind === 'gcc-flag')
    return target.gcc ? undefined : 'is an option of gcc, which does not compile this project';
  if (!worksOn(lever, target.major)) {
    return lever.majors.length === 0
      ? 'works on no LLVM version'
      : `does not work with LLVM ${target.major} (seen working with ${lever.majors.join(', ')})`;
  }
  const gate = gateOf(lever, target);
  if (gate === 'allowed' || policy.allow.includes(lever.id)) return undefined;
  return gate === 'blocked'
    ? `is blocked with LLVM ${target.major} (${lever.risk}); only a config that allows it by name can try it`
    : `is opt-in (${lever.risk}); name it under "allow" to use it`;
}

/** Ids of all levers that a checked configuration uses, inserted passes included. */
export function usedLevers(configuration: Configuration): readonly string[] {
  return Object.entries(configuration).flatMap(([id, value]) =>
    catalogue.get(id)?.shape === 'passes' && Array.isArray(value) ? [id, ...value] : [id],
  );
}

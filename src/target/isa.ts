/**
 * The x86-64 psABI micro-architecture levels, as /proc/cpuinfo spells their features
 * (https://gitlab.com/x86-psABIs/x86-64-ABI, section "Micro-Architecture Levels").
 */
const x86LevelFeatures: readonly (readonly [string, readonly string[]])[] = [
  ['x86-64-v2', ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3']],
  ['x86-64-v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave']],
  ['x86-64-v4', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
];

/** Features added by the Arm architecture versions that matter to compilers, as the kernel spells them. */
const armLevelFeatures: readonly (readonly [string, readonly string[]])[] = [
  ['armv8.1-a', ['atomics', 'asimdrdm', 'crc32']],
  ['armv8.2-a', ['dcpop', 'fphp', 'asimdhp']],
  ['armv8.4-a', ['asimddp', 'fcma', 'flagm', 'ilrcpc', 'jscvt', 'lrcpc', 'uscat']],
  ['armv9-a', ['flagm2', 'frint', 'sb', 'sve', 'sve2']],
];

/** All levels that are known of an architecture, lowest first. `templates/dispatch/dispatch.c` holds the same ones. */
export const isaLevels: Readonly<Record<'x64' | 'arm64' | 'other', readonly string[]>> = {
  x64: ['x86-64-v1', ...x86LevelFeatures.map(([level]) => level)],
  arm64: ['armv8-a', ...armLevelFeatures.map(([level]) => level)],
  other: [],
};

/** Levels an x86-64 processor with these features runs, best first. */
export function x86Levels(features: ReadonlySet<string>): string[] {
  return climb('x86-64-v1', x86LevelFeatures, features);
}

/** Levels an ARM64 processor with these features runs, best first. */
export function armLevels(features: ReadonlySet<string>): string[] {
  return climb('armv8-a', armLevelFeatures, features);
}

function climb(
  base: string,
  table: readonly (readonly [string, readonly string[]])[],
  features: ReadonlySet<string>,
): string[] {
  const levels = [base];
  for (const [level, needed] of table) {
    if (!needed.every((feature) => features.has(feature))) break;
    levels.unshift(level);
  }
  return levels;
}

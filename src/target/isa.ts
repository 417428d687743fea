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

const x86Base = 'x86-64-v1';
const armBase = 'armv8-a';

/** All levels, best first; the last one is what every processor runs. */
export const x86LevelNames: readonly string[] = names(x86Base, x86LevelFeatures);
export const armLevelNames: readonly string[] = names(armBase, armLevelFeatures);

/** Levels an x86-64 processor with these features runs, best first. */
export function x86Levels(features: ReadonlySet<string>): string[] {
  return climb(x86Base, x86LevelFeatures, features);
}

/** Levels an ARM64 processor with these features runs, best first. */
export function armLevels(features: ReadonlySet<string>): string[] {
  return climb(armBase, armLevelFeatures, features);
}

function names(base: string, table: typeof x86LevelFeatures): string[] {
  return [base, ...table.map(([level]) => level)].reverse();
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

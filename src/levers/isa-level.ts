/** What every processor of an architecture runs; compilers need not be told. */
const baselines: ReadonlySet<string> = new Set(['x86-64-v1', 'armv8-a', 'generic']);

/** The ISA level in the name of a target such as `linux-glibc-x64/x86-64-v3` or `linux-glibc-arm64/armv8-a@cortex-a72`. */
export function isaLevelOf(target: string): string {
  return target.slice(target.indexOf('/') + 1).replace(/@.*$/, '');
}

/**
 * Arguments for code that only processors of this level run. Such a level brings fused multiply-add and with it contraction,
 * which changes results: it is off unless `isContractionChosen`.
 */
export function isaArgs(level: string | undefined, isContractionChosen = false): string[] {
  if (level === undefined || baselines.has(level)) return [];
  return [`-march=${level}`, ...(isContractionChosen ? [] : ['-ffp-contract=off'])];
}

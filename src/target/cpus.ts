/**
 * Cores that code can be tuned for, by the names of `-mtune`, with what /proc/cpuinfo calls them ("CPU implementer" and "CPU part", from Arm's
 * Main ID Register). Where a machine mixes cores, those that come first here do the heavy work.
 */
const armCores: readonly (readonly [name: string, implementer: number, part: number])[] = [
  ['neoverse-v2', 0x41, 0xd4f],
  ['neoverse-n2', 0x41, 0xd49],
  ['neoverse-v1', 0x41, 0xd40],
  ['neoverse-n1', 0x41, 0xd0c],
  ['cortex-x1', 0x41, 0xd44],
  ['cortex-a710', 0x41, 0xd47],
  ['cortex-a78', 0x41, 0xd41],
  ['cortex-a77', 0x41, 0xd0d],
  ['cortex-a76', 0x41, 0xd0b],
  ['cortex-a75', 0x41, 0xd0a],
  ['cortex-a73', 0x41, 0xd09],
  ['cortex-a72', 0x41, 0xd08],
  ['cortex-a57', 0x41, 0xd07],
  ['cortex-a510', 0x41, 0xd46],
  ['cortex-a55', 0x41, 0xd05],
  ['cortex-a53', 0x41, 0xd03],
];

/** Cores that issue instructions in program order: what the compiler does not overlap waits. */
const inOrder: ReadonlySet<string> = new Set(['cortex-a510', 'cortex-a55', 'cortex-a53']);

/** Names of the ARM64 cores that a target can name. */
export const tuningCpus: readonly string[] = armCores.map(([name]) => name);

export function isInOrder(cpu: string): boolean {
  return inOrder.has(cpu);
}

/** The known cores of an ARM64 machine, by the text of its /proc/cpuinfo, strongest first; none where it does not tell. */
export function armCpus(cpuinfo: string): string[] {
  const ids = new Set<string>();
  let implementer = 0;
  for (const [, key, value] of cpuinfo.matchAll(/^CPU (implementer|part)\s*:\s*(0x[0-9a-f]+)$/gm)) {
    if (key === 'implementer') implementer = Number(value);
    else ids.add(`${implementer}/${Number(value)}`);
  }
  return armCores.filter(([, by, part]) => ids.has(`${by}/${part}`)).map(([name]) => name);
}

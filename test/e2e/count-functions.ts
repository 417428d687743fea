import { readFile } from 'node:fs/promises';
import { addressOfOffset, functionLookup, readElf } from '../../src/evidence/elf.js';
import type { FileCounts } from '../../src/measure/estimate/count.js';

/** Executed instructions by function, mangled, most executed first; `''` stands for code without a symbol. */
export async function countFunctions(files: readonly FileCounts[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { file, blocks } of files) {
    const image = readElf(await readFile(file));
    const find = image === undefined ? () => undefined : functionLookup(image);
    for (const { offset, instructions, executions } of blocks) {
      const address = image && addressOfOffset(image, offset);
      const name = (address === undefined ? undefined : find(address)?.name) ?? '';
      counts.set(name, (counts.get(name) ?? 0) + instructions * executions);
    }
  }
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

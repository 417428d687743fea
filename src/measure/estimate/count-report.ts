/** How often consecutive instructions that the emulator translated together were executed. */
export interface BlockCount {
  /** Of the first byte, in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly instructions: number;
  readonly executions: number;
}

/** Per phase and mapped file, its blocks by offset. */
export type CountReport = ReadonlyMap<number, ReadonlyMap<string, readonly BlockCount[]>>;

/** Reads the report of `templates/qemu/count-blocks.c`. A phase in which nothing was executed has no files. */
export function parseCountReport(text: string): CountReport {
  const paths = new Map<string, string>();
  const phases = new Map<number, Map<string, BlockCount[]>>();
  let phase = new Map<string, BlockCount[]>();
  for (const line of text.split('\n')) {
    const [, kind, rest = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    if (kind === 'phase') {
      phase = new Map();
      phases.set(Number(rest), phase);
    } else if (kind === 'file') paths.set(/^\d+/.exec(rest)?.[0] ?? '', rest.replace(/^\d+ /, ''));
    else if (kind !== undefined && kind !== 'target') {
      const [offset = 0, bytes = 0, instructions = 0, executions = 0] = rest.split(' ').map(Number);
      const path = paths.get(kind) ?? '';
      const blocks = phase.get(path) ?? [];
      blocks.push({ offset, bytes, instructions, executions });
      phase.set(path, blocks);
    }
  }
  for (const blocks of [...phases.values()].flatMap((files) => [...files.values()]))
    blocks.sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  return phases;
}

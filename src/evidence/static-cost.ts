import { type Run, run as runTool } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import { type CodeLoop, type Instruction, innermostLoops } from './disassembly.js';

/** What llvm-mca makes of one innermost loop, of the machine it runs on, with everything in the first cache. */
export interface LoopCost {
  /** Bytes from the start of the function. */
  readonly start: number;
  readonly end: number;
  readonly instructions: number;
  readonly cyclesPerIteration: number;
  readonly uops: number;
  readonly ipc: number;
}

export interface StaticCost {
  readonly function: string;
  readonly loops: readonly LoopCost[];
}

export type StaticCostReading =
  | { readonly kind: 'read'; readonly costs: readonly StaticCost[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

const mostLoops = 6;
const longestLoop = 600;
const timeoutMs = 30_000;
const iterations = 100;

/** Static cost of the innermost loops of functions; `unavailable` where there is no llvm-mca or it cannot read the code. */
export async function readStaticCost(
  functions: ReadonlyMap<string, readonly Instruction[]>,
  clang: Pick<Clang, 'tools' | 'triple'>,
  options: { readonly run?: Run; readonly signal?: AbortSignal } = {},
): Promise<StaticCostReading> {
  const tool = clang.tools['llvm-mca'];
  if (tool === undefined) return { kind: 'unavailable', reason: 'llvm-mca is not installed' };
  const loops = [...functions].flatMap(([name, instructions]) =>
    innermostLoops(instructions)
      .filter((loop) => loop.instructions.length <= longestLoop)
      .slice(0, mostLoops)
      .map((loop) => ({ name, loop })),
  );
  if (loops.length === 0) return { kind: 'read', costs: [] };
  const comment = /^(aarch64|arm64)/.test(clang.triple) ? '//' : '#';
  const input = loops.map(({ loop }, index) => region(loop, index, comment)).join('\n');
  const argv = [tool, `-mtriple=${clang.triple}`, `-iterations=${iterations}`, '-resource-pressure=0'];
  argv.push('-instruction-info=0', '-');
  const limits = { timeoutMs, input, ...(options.signal && { signal: options.signal }) };
  const result = await (options.run ?? runTool)(argv, limits);
  options.signal?.throwIfAborted();
  if (result.code !== 0) {
    return {
      kind: 'unavailable',
      reason: `llvm-mca failed: ${result.stderr.split('\n')[0]?.slice(0, 120) ?? ''}`,
    };
  }
  return { kind: 'read', costs: costsOf(loops, parseSummaries(result.stdout)) };
}

function region(loop: CodeLoop, index: number, comment: string): string {
  const body = loop.instructions.map(({ text }) => text).join('\n');
  return `${comment} LLVM-MCA-BEGIN loop${index}\n${body}\n${comment} LLVM-MCA-END`;
}

interface Summary {
  readonly instructions: number;
  readonly cycles: number;
  readonly uops: number;
  readonly ipc: number;
}

/** The summary view of every region, by its number. */
export function parseSummaries(text: string): ReadonlyMap<number, Summary> {
  const summaries = new Map<number, Summary>();
  for (const part of text.split(/^\[\d+\] Code Region - /m).slice(1)) {
    const index = /^loop(\d+)/.exec(part)?.[1];
    const number = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(part)?.[1]);
    const summary = {
      instructions: number('Instructions') / iterations,
      cycles: number('Total Cycles') / iterations,
      uops: number('Total uOps') / iterations,
      ipc: number('IPC'),
    };
    if (index !== undefined && Object.values(summary).every(Number.isFinite))
      summaries.set(Number(index), summary);
  }
  return summaries;
}

function costsOf(
  loops: readonly { readonly name: string; readonly loop: CodeLoop }[],
  summaries: ReadonlyMap<number, Summary>,
): StaticCost[] {
  const costs = new Map<string, LoopCost[]>();
  for (const [index, { name, loop }] of loops.entries()) {
    const summary = summaries.get(index);
    if (summary === undefined) continue;
    const { instructions, cycles, uops, ipc } = summary;
    const known = costs.get(name) ?? [];
    known.push({ start: loop.start, end: loop.end, instructions, cyclesPerIteration: cycles, uops, ipc });
    costs.set(name, known);
  }
  return [...costs].map(([name, all]) => ({ function: name, loops: all }));
}

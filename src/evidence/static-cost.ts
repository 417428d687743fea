import type { Clang } from '../toolchain/types.js';
import { type CodeLoop, type Instruction, innermostLoops } from './disassembly.js';
import { analyseRegions, type RegionOptions, type RegionSummary } from './llvm-mca.js';

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

/** Static cost of the innermost loops of functions; `unavailable` where there is no llvm-mca or it cannot read the code. */
export async function readStaticCost(
  functions: ReadonlyMap<string, readonly Instruction[]>,
  clang: Pick<Clang, 'tools' | 'triple'>,
  options: Pick<RegionOptions, 'cpu' | 'run' | 'signal'> = {},
): Promise<StaticCostReading> {
  const loops = [...functions].flatMap(([name, instructions]) =>
    innermostLoops(instructions)
      .filter((loop) => loop.instructions.length <= longestLoop)
      .slice(0, mostLoops)
      .map((loop) => ({ name, loop })),
  );
  const regions = loops.map(({ loop }) => loop.instructions.map(({ text }) => text));
  const reading = await analyseRegions(regions, clang, { ...options, triple: clang.triple });
  return reading.kind === 'read' ? { kind: 'read', costs: costsOf(loops, reading.summaries) } : reading;
}

function costsOf(
  loops: readonly { readonly name: string; readonly loop: CodeLoop }[],
  summaries: ReadonlyMap<number, RegionSummary>,
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

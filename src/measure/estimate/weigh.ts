import { analyseRegions, type RegionOptions } from '../../evidence/llvm-mca.js';
import type { Clang } from '../../toolchain/types.js';

/** Cycles of one execution, by the text of the instructions, one per line; absent for what llvm-mca cannot take. */
export type BlockWeights = Map<string, number | undefined>;

export interface WeighOptions {
  readonly clang: Clang;
  readonly triple: string;
  /** The processor that the estimate is for, by LLVM's name. */
  readonly cpu: string;
  readonly signal?: AbortSignal;
}

/** Keeps a call within seconds: each is simulated a hundred times. */
const instructionsPerCall = 4000;

/** Adds those of the blocks that are not yet known to `weights`. */
export async function weighBlocks(
  blocks: Iterable<string>,
  weights: BlockWeights,
  { clang, triple, cpu, signal }: WeighOptions,
): Promise<void> {
  const unknown = [...new Set(blocks)].filter((block) => !weights.has(block));
  const skipUnknown = clang.major >= 19;
  const options: RegionOptions = { triple, cpu, skipUnknown, ...(signal && { signal }) };
  for (const batch of batches(unknown)) await weighTogether(batch, weights, clang, options);
}

function batches(blocks: readonly string[]): string[][] {
  const found: string[][] = [];
  let room = 0;
  for (const block of blocks) {
    const length = block.split('\n').length;
    if (room < length) {
      found.push([]);
      room = instructionsPerCall;
    }
    found.at(-1)?.push(block);
    room -= length;
  }
  return found;
}

/** One instruction that llvm-mca refuses spoils a whole call: the halves are tried then. */
async function weighTogether(
  blocks: readonly string[],
  weights: BlockWeights,
  clang: Clang,
  options: RegionOptions,
): Promise<void> {
  const regions = blocks.map((block) => block.split('\n'));
  const reading = await analyseRegions(regions, clang, options);
  if (reading.kind === 'unavailable' && blocks.length > 1) {
    const half = blocks.length >> 1;
    await weighTogether(blocks.slice(0, half), weights, clang, options);
    await weighTogether(blocks.slice(half), weights, clang, options);
    return;
  }
  for (const [index, block] of blocks.entries()) {
    const summary = reading.kind === 'read' ? reading.summaries.get(index) : undefined;
    // Instructions that were left out weigh as the others of their block do.
    const length = regions[index]?.length ?? 0;
    weights.set(
      block,
      summary === undefined || summary.instructions === 0
        ? undefined
        : (summary.cycles / summary.instructions) * length,
    );
  }
}

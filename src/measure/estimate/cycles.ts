import { readFile } from 'node:fs/promises';
import { AutoPassError } from '../../errors.js';
import { disassembleRange, type PlacedInstruction } from '../../evidence/disassemble-range.js';
import { addressOfOffset, type ElfImage, readElf } from '../../evidence/elf.js';
import type { ExecutionCounts, FileCounts } from './count.js';
import type { BlockCount } from './count-report.js';
import { type ExecutedBlock, type ExecutedSpan, executedBlocks } from './executed-blocks.js';
import { type BlockWeights, type WeighOptions, weighBlocks } from './weigh.js';

export interface CycleEstimate {
  /** Estimated cycles inside the addon of one call of each case. */
  readonly cases: Readonly<Record<string, number>>;
  /** Instructions that it executes there. Counted, not estimated. */
  readonly instructions: Readonly<Record<string, number>>;
  /** Share of the executed instructions that llvm-mca weighed, 0 to 1; the others count as the average of these. */
  readonly weighed: number;
}

/** Part of a case's executed instructions whose code is looked at, the most executed blocks first. */
const hotPart = 0.99;

/** Code this far apart, in bytes, is disassembled by separate calls. */
const widestGap = 1 << 16;

/**
 * Estimates cycles from counts: executions of every block times what llvm-mca makes of it, with everything in the first cache, every jump
 * foreseen and no overlap between blocks. Deterministic. For ranking builds only: models of processors disagree with each other and with silicon.
 * @param weights what is known of blocks already; more is added to it
 * @throws AutoPassError `NO_LLVM_MCA`
 */
export async function estimateCycles(
  counts: ExecutionCounts,
  options: WeighOptions,
  weights: BlockWeights = new Map(),
): Promise<CycleEstimate> {
  const { tools, cc, major } = options.clang;
  if (tools['llvm-mca'] === undefined || tools['llvm-objdump'] === undefined) {
    throw new AutoPassError('NO_LLVM_MCA', `Estimates need llvm-mca and llvm-objdump beside ${cc}.`, {
      family: 'toolchain',
      hint: `On Debian or Ubuntu: apt-get install llvm-${major}`,
    });
  }
  const code = await readHotCode(Object.values(counts).flatMap(hotFiles), options);
  const cases = Object.entries(counts).map(([name, files]) => ({
    name,
    blocks: files.flatMap((entry) => blocksOf(entry, code.get(entry.file))),
    instructions: sum(files.flatMap((entry) => entry.blocks.map(executed))),
  }));
  await weighBlocks(
    cases.flatMap(({ blocks }) => blocks.map(textOf)),
    weights,
    options,
  );
  const known = cases.map(({ blocks }) => weighedPart(blocks, weights));
  const weighed = sum(known.map(({ instructions }) => instructions));
  const perInstruction = weighed === 0 ? 1 : sum(known.map(({ cycles }) => cycles)) / weighed;
  return {
    cases: Object.fromEntries(
      cases.map(({ name, instructions }, index) => {
        const part = known[index] ?? { cycles: 0, instructions: 0 };
        return [name, part.cycles + (instructions - part.instructions) * perInstruction];
      }),
    ),
    instructions: Object.fromEntries(cases.map(({ name, instructions }) => [name, instructions])),
    weighed: weighed / Math.max(1, sum(cases.map(({ instructions }) => instructions))),
  };
}

/** The files of a case with those blocks that make up most of what it executes. */
function hotFiles(files: readonly FileCounts[]): FileCounts[] {
  const blocks = files
    .flatMap((entry) => entry.blocks.map((block) => ({ entry, block })))
    .sort((a, b) => executed(b.block) - executed(a.block));
  let left = sum(blocks.map(({ block }) => executed(block))) * hotPart;
  const hot = new Set(
    blocks.flatMap(({ block }) => {
      const isHot = left > 0;
      left -= executed(block);
      return isHot ? [block] : [];
    }),
  );
  return files.map((entry) => ({ ...entry, blocks: entry.blocks.filter((block) => hot.has(block)) }));
}

/** Code of a file around its hot blocks. */
interface HotCode {
  readonly image: ElfImage;
  readonly parts: readonly (readonly PlacedInstruction[])[];
}

async function readHotCode(
  files: readonly FileCounts[],
  { clang, signal }: WeighOptions,
): Promise<Map<string, HotCode>> {
  const code = new Map<string, HotCode>();
  for (const file of new Set(files.map((entry) => entry.file))) {
    const image = readElf(await readFile(file));
    if (image === undefined) continue;
    const spans = files.filter((entry) => entry.file === file).flatMap((entry) => spansOf(entry, image));
    const parts: PlacedInstruction[][] = [];
    for (const range of neighbourhoods(spans))
      parts.push((await disassembleRange(file, range, clang, signal)) ?? []);
    code.set(file, { image, parts });
  }
  return code;
}

function neighbourhoods(spans: readonly ExecutedSpan[]): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = ranges.at(-1);
    if (last !== undefined && start - last.end < widestGap) last.end = Math.max(last.end, end);
    else ranges.push({ start, end });
  }
  return ranges;
}

function blocksOf(entry: FileCounts, code: HotCode | undefined): ExecutedBlock[] {
  if (code === undefined) return [];
  const spans = spansOf(entry, code.image);
  return code.parts.flatMap((part) => executedBlocks(part, spans));
}

function spansOf({ blocks }: FileCounts, image: ElfImage): ExecutedSpan[] {
  return blocks.flatMap(({ offset, bytes, executions }) => {
    const start = addressOfOffset(image, offset);
    return start === undefined ? [] : [{ start, end: start + bytes, executions }];
  });
}

/** Cycles and instructions of those blocks that have a weight. */
function weighedPart(
  blocks: readonly ExecutedBlock[],
  weights: BlockWeights,
): { cycles: number; instructions: number } {
  const part = { cycles: 0, instructions: 0 };
  for (const block of blocks) {
    const weight = weights.get(textOf(block));
    if (weight === undefined) continue;
    part.cycles += weight * block.executions;
    part.instructions += block.instructions.length * block.executions;
  }
  return part;
}

function textOf({ instructions }: ExecutedBlock): string {
  return instructions.map(({ text }) => text).join('\n');
}

function executed({ instructions, executions }: BlockCount): number {
  return instructions * executions;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

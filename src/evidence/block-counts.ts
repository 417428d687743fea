import { type Instruction, jump } from './disassembly.js';

/** Consecutive instructions that run equally often. */
export interface CodeBlock {
  readonly instructions: readonly Instruction[];
  /** Positions of the blocks that can follow inside the function. */
  readonly successors: readonly number[];
  /** Whether it can also be followed by something else: a return, another function, a jump to a computed place. */
  readonly leaves: boolean;
}

const unconditional = /^(jmpq?|b|br|retq?|ud2|brk|hlt|int3)(\s|$)/;
const computed = /^(jmpq?\s+\*|br\s)/;

/** The basic blocks of a function, in order. */
export function blocksOf(instructions: readonly Instruction[]): CodeBlock[] {
  const starts = new Set<number>(instructions.flatMap(({ target }) => target ?? []));
  for (const [at, { text }] of instructions.entries()) {
    const next = instructions[at + 1];
    if (next !== undefined && (isJump(text) || unconditional.test(text))) starts.add(next.offset);
  }
  const groups: Instruction[][] = [];
  for (const instruction of instructions) {
    const last = groups.at(-1);
    if (last === undefined || starts.has(instruction.offset)) groups.push([instruction]);
    else last.push(instruction);
  }
  const positions = new Map(groups.map(([first], position) => [first?.offset, position]));
  return groups.map((group, position) => {
    const { text = '', target } = group.at(-1) ?? {};
    const jumped = target === undefined ? undefined : positions.get(target);
    const falls = !unconditional.test(text) && position + 1 < groups.length;
    const successors = [...(jumped === undefined ? [] : [jumped]), ...(falls ? [position + 1] : [])];
    const leaves = isJump(text) ? jumped === undefined : !falls;
    return { instructions: group, successors: [...new Set(successors)], leaves };
  });
}

/** Also to a computed place. */
function isJump(text: string): boolean {
  return jump.test(text) || computed.test(text);
}

/** How often each block runs, in samples per instruction. */
export function blockCounts(
  blocks: readonly CodeBlock[],
  samplesAt: (offset: number) => number,
): readonly number[] {
  return blocks.map(({ instructions }) => {
    const samples = instructions.reduce((sum, { offset }) => sum + samplesAt(offset), 0);
    return samples / instructions.length;
  });
}

/**
 * How much of the counts cannot be true, in their unit: what runs in a block came from the blocks before it and goes on to
 * those behind it. A lower bound, because the counts of single jumps are not known.
 */
export function contradiction(blocks: readonly CodeBlock[], counts: readonly number[]): number {
  const before = blocks.map(() => 0);
  const behind = blocks.map(() => 0);
  for (const [position, { successors }] of blocks.entries()) {
    for (const successor of successors) {
      before[successor] = (before[successor] ?? 0) + (counts[position] ?? 0);
      behind[position] = (behind[position] ?? 0) + (counts[successor] ?? 0);
    }
  }
  const isComputed = blocks.some(({ instructions }) => computed.test(instructions.at(-1)?.text ?? ''));
  return blocks.reduce((sum, { leaves }, position) => {
    const count = counts[position] ?? 0;
    const unexplained = position === 0 || isComputed ? 0 : count - (before[position] ?? 0);
    const lost = leaves ? 0 : count - (behind[position] ?? 0);
    return sum + Math.max(0, unexplained, lost);
  }, 0);
}

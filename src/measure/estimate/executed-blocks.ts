import type { PlacedInstruction } from '../../evidence/disassemble-range.js';

/** Addresses from `start` to before `end` that were executed `executions` times. */
export interface ExecutedSpan {
  readonly start: number;
  readonly end: number;
  readonly executions: number;
}

/** Instructions that follow each other and were executed equally often. */
export interface ExecutedBlock {
  readonly instructions: readonly PlacedInstruction[];
  readonly executions: number;
}

/** Longer ones are divided: llvm-mca simulates every instruction a hundred times. */
const longestBlock = 200;

/** After these the next instruction is not what is executed next. Both architectures' names; conditional jumps go on. */
const leaves = /^(?:jmp|call|ret|b|bl|br|blr|braa|brab|retaa|retab|ud2|udf|brk)[lqw]?(?:\s|$)/;

/**
 * Puts the emulator's overlapping spans together: each instruction gets the sum of the spans that cover it. Where the emulator cut,
 * at the ends of pages for example, leaves no trace.
 * @param instructions by address
 */
export function executedBlocks(
  instructions: readonly PlacedInstruction[],
  spans: readonly ExecutedSpan[],
): ExecutedBlock[] {
  const changes = new Map<number, number>();
  for (const { start, end, executions } of spans) {
    changes.set(start, (changes.get(start) ?? 0) + executions);
    changes.set(end, (changes.get(end) ?? 0) - executions);
  }
  const edges = [...changes].sort(([a], [b]) => a - b);
  const blocks: { instructions: PlacedInstruction[]; executions: number }[] = [];
  let current: (typeof blocks)[number] | undefined;
  let executions = 0;
  let edge = 0;
  for (const instruction of instructions) {
    for (let next = edges[edge]; next !== undefined && next[0] <= instruction.address; next = edges[++edge])
      executions += next[1];
    if (current?.executions !== executions || current.instructions.length === longestBlock) {
      current = executions === 0 ? undefined : { instructions: [], executions };
      if (current !== undefined) blocks.push(current);
    }
    current?.instructions.push(instruction);
    const { text, target, address } = instruction;
    // Loops that follow each other may have been executed equally often, too.
    if (leaves.test(text) || (target !== undefined && target <= address)) current = undefined;
  }
  return blocks;
}

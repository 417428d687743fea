import { execa } from 'execa';
import type { Clang } from '../toolchain/types.js';

/** One instruction; `offset` counts bytes from the start of its function. */
export interface Instruction {
  readonly offset: number;
  /** Mnemonic and operands, without comments and symbol names. */
  readonly text: string;
  /** Offset inside the same function that a jump goes to. */
  readonly target?: number;
}

export type Disassembly =
  | { readonly kind: 'read'; readonly functions: ReadonlyMap<string, readonly Instruction[]> }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Consecutive instructions that a jump at their end repeats, with no other loop inside. */
export interface CodeLoop {
  readonly start: number;
  readonly end: number;
  readonly instructions: readonly Instruction[];
}

const label = /^([0-9a-f]+) <(.+)>:$/;
/** A line of `llvm-objdump -d --no-show-raw-insn`: address and code. */
export const instructionLine: RegExp = /^\s+([0-9a-f]+):\s+(.+?)\s*$/;
/** Of the text of an instruction: a jump inside a function, conditional or not. */
export const jump: RegExp = /^(j\w+|loop\w*|b|b\.\w+|cbn?z|tbn?z)\s/;

/** Disassembles functions of an object file with the disassembler that belongs to clang, or GNU objdump. */
export async function disassemble(
  objectPath: string,
  wanted: ReadonlySet<string>,
  clang: Clang,
  signal?: AbortSignal,
): Promise<Disassembly> {
  const tool = clang.tools['llvm-objdump'] ?? 'objdump';
  const reader = createReader(wanted);
  const run = execa(tool, ['-d', '--no-show-raw-insn', objectPath], {
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stderr: 'ignore',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  for await (const text of run.iterable()) reader.line(text);
  const result = await run;
  signal?.throwIfAborted();
  return result.exitCode === 0
    ? { kind: 'read', functions: reader.functions }
    : { kind: 'unavailable', reason: `${tool} failed` };
}

/** Reads the output of `llvm-objdump -d --no-show-raw-insn` line by line. */
export function createReader(wanted: ReadonlySet<string>): {
  readonly functions: Map<string, Instruction[]>;
  line(text: string): void;
} {
  const functions = new Map<string, Instruction[]>();
  let current: { name: string; start: number; instructions: Instruction[] } | undefined;
  return {
    functions,
    line(text) {
      const start = label.exec(text);
      if (start !== null) {
        const [, address = '0', name = ''] = start;
        current = wanted.has(name)
          ? { name, start: Number.parseInt(address, 16), instructions: [] }
          : undefined;
        if (current !== undefined) functions.set(name, current.instructions);
        return;
      }
      const match = current === undefined ? null : instructionLine.exec(text);
      if (match === null || current === undefined) return;
      const [, address = '0', code = ''] = match;
      current.instructions.push(
        instructionOf(code, Number.parseInt(address, 16) - current.start, current.name),
      );
    },
  };
}

/** The code of a line without comments and symbol names. */
export function instructionText(code: string): string {
  return code
    .replace(/\s*(#\s|\/\/).*$/, '')
    .replace(/\s*<[^<>]*>$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function instructionOf(code: string, offset: number, name: string): Instruction {
  const text = instructionText(code);
  if (!jump.test(text)) return { offset, text };
  const place = /<([^<>]+?)(?:\+0x([0-9a-f]+))?>/.exec(code);
  if (place?.[1] !== name) return { offset, text };
  return { offset, text, target: Number.parseInt(place[2] ?? '0', 16) };
}

/** The innermost loops of a function: from the target of a backward jump to the jump. */
export function innermostLoops(instructions: readonly Instruction[]): CodeLoop[] {
  const backward = instructions.flatMap(({ offset, target }) =>
    target !== undefined && target <= offset ? [{ start: target, end: offset }] : [],
  );
  const widest = new Map<number, number>();
  for (const { start, end } of backward) widest.set(start, Math.max(end, widest.get(start) ?? 0));
  const ranges = [...widest].map(([start, end]) => ({ start, end }));
  const inner = ranges.filter(
    (range) =>
      !ranges.some((other) => other !== range && other.start >= range.start && other.end <= range.end),
  );
  return inner.map(({ start, end }) => ({
    start,
    end,
    instructions: instructions.filter(({ offset }) => offset >= start && offset <= end),
  }));
}

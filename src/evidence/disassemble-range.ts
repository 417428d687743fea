import { run } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import { instructionLine, instructionText, jump } from './disassembly.js';

/** An instruction of a linked file. */
export interface PlacedInstruction {
  /** In the file's own numbering. */
  readonly address: number;
  /** Mnemonic and operands, as assemblers take them; every address in the code is 0. */
  readonly text: string;
  /** Where a jump goes to. */
  readonly target?: number;
}

const namedAddress = /\b0x([0-9a-f]+) <.*>$/;
const timeoutMs = 120_000;
const maxBytes = 256 << 20;

/** Disassembles what lies from `start` to before `end`; undefined where llvm-objdump cannot. */
export async function disassembleRange(
  file: string,
  range: { readonly start: number; readonly end: number },
  clang: Pick<Clang, 'tools'>,
  signal?: AbortSignal,
): Promise<PlacedInstruction[] | undefined> {
  const tool = clang.tools['llvm-objdump'];
  if (tool === undefined) return undefined;
  const limits = [`--start-address=${range.start}`, `--stop-address=${range.end}`];
  const argv = [tool, '-d', '--no-show-raw-insn', ...limits, file];
  const result = await run(argv, { timeoutMs, maxBytes, ...(signal && { signal }) });
  signal?.throwIfAborted();
  return result.code === 0 ? parseInstructions(result.stdout) : undefined;
}

/** Reads the output of `llvm-objdump -d --no-show-raw-insn`. */
export function parseInstructions(text: string): PlacedInstruction[] {
  return text.split('\n').flatMap((line) => {
    const match = instructionLine.exec(line);
    return match === null ? [] : [placed(Number.parseInt(match[1] ?? '0', 16), match[2] ?? '')];
  });
}

function placed(address: number, code: string): PlacedInstruction {
  // Jumps are written with the address that they go to, but read as distances: out of reach in a large file.
  const text = instructionText(code.replace(namedAddress, '0'));
  const target = jump.test(text) ? namedAddress.exec(code)?.[1] : undefined;
  return { address, text, ...(target !== undefined && { target: Number.parseInt(target, 16) }) };
}

import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { Clang } from '../toolchain/types.js';
import { type AssemblyDialect, createAssemblyCounter } from './assembly.js';
import { type ElfFunction, readElf } from './elf.js';
import type { AssemblyFacts } from './types.js';

export type ObjectAssembly =
  | { readonly kind: 'read'; readonly facts: readonly AssemblyFacts[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** The functions that an object defines; empty when it is not ELF or cannot be read. */
export async function objectFunctions(objectPath: string): Promise<readonly ElfFunction[]> {
  const image = await readFile(objectPath).then(readElf, () => undefined);
  return (image?.functions ?? []).filter((entry) => entry.size > 0);
}

/** Counts instructions of the wanted functions of an object file, with the disassembler that belongs to clang. */
export async function readObjectAssembly(
  objectPath: string,
  wanted: ReadonlySet<string>,
  clang: Clang,
  signal?: AbortSignal,
): Promise<ObjectAssembly> {
  const functions = await objectFunctions(objectPath);
  if (functions.length === 0) return { kind: 'unavailable', reason: 'no ELF functions in the object' };
  const machine = await machineOf(objectPath);
  if (machine === undefined) return { kind: 'unavailable', reason: 'unknown processor' };
  const sizes = new Map(functions.map((entry) => [entry.name, entry.size]));
  const counter = createAssemblyCounter(machine, (name) => wanted.has(name), sizes);
  // GNU objdump prints the same shape and is there wherever gcc is.
  const tool = clang.tools['llvm-objdump'] ?? 'objdump';
  const run = execa(tool, ['-d', '--no-show-raw-insn', objectPath], {
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stderr: 'ignore',
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  for await (const line of run.iterable()) counter.line(line);
  const result = await run;
  signal?.throwIfAborted();
  if (result.exitCode !== 0) return { kind: 'unavailable', reason: `${tool} failed` };
  return { kind: 'read', facts: counter.facts() };
}

async function machineOf(objectPath: string): Promise<AssemblyDialect | undefined> {
  const machine = (await readFile(objectPath)).readUInt16LE(18);
  return machine === 62 ? 'x86-64' : machine === 183 ? 'aarch64' : undefined;
}

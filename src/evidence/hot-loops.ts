import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import { tunedBaseArgs } from '../build/plan-file.js';
import type { CompileCommand } from '../build/types.js';
import { parseCompileArgs } from '../levers/command-args.js';
import { listLoops, type SourceLoop } from '../levers/loops.js';
import { frontEndArgs, readSourceFile } from '../levers/two-stage.js';
import { type Run, run as runCommand } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import type { HotFunction, HotLoop, Remark } from './types.js';

/** Textual IR above this is not read: its loops are too many to be tried one by one anyway. */
const largestIr = 48 << 20;
const mostLoops = 40;

export type LoopReading =
  | { readonly kind: 'read'; readonly loops: readonly HotLoop[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

/**
 * Loops in the source of the hot functions and of what was inlined into them, hottest function first. Reads the unoptimised
 * IR of the unit, written into `folder`.
 */
export async function readHotLoops(request: {
  readonly command: CompileCommand;
  readonly clang: Clang;
  readonly hot: readonly HotFunction[];
  readonly remarks: readonly Remark[];
  readonly folder: string;
  readonly run?: Run;
  readonly signal?: AbortSignal;
}): Promise<LoopReading> {
  const { command, clang, folder, run = runCommand, signal } = request;
  const compiler = command.language === 'c++' ? clang.cxx : clang.cc;
  const output = join(folder, 'raw.ll');
  const [, ...args] = compileArgs(command, { compiler, output, extra: tunedBaseArgs });
  const parsed = parseCompileArgs(args);
  if (parsed === undefined) return { kind: 'unavailable', reason: 'not a compile of one source with -o' };
  const front = [
    compiler,
    ...frontEndArgs({ ...parsed, dependencies: [] }, ['-w'], true),
    '-S',
    '-o',
    output,
  ];
  const result = await run(front, { cwd: command.cwd, timeoutMs: 120_000, ...(signal && { signal }) });
  const size = await stat(output).then(
    (found) => found.size,
    () => 0,
  );
  if (result.code !== 0 || size === 0) return { kind: 'unavailable', reason: 'clang wrote no IR' };
  if (size > largestIr) return { kind: 'unavailable', reason: `the IR has ${size >> 20} MB` };
  const loops = listLoops(await readFile(output, 'latin1'), readSourceFile);
  return { kind: 'read', loops: hotLoops(loops, request.hot, request.remarks) };
}

function hotLoops(
  loops: readonly SourceLoop[],
  hot: readonly HotFunction[],
  remarks: readonly Remark[],
): HotLoop[] {
  const found = new Map<string, HotLoop>();
  for (const { name } of hot) {
    const inlined = remarks
      .filter((remark) => remark.function === name && remark.pass === 'inline' && remark.name === 'Inlined')
      .map((remark) => remark.args.Callee);
    for (const loop of loops) {
      if (loop.function !== name && !inlined.includes(loop.function)) continue;
      if (found.has(loop.key)) continue;
      const { key, file, startLine, endLine } = loop;
      const innermost = !loops.some(
        (other) => other.function === loop.function && other.path.startsWith(`${loop.path}.`),
      );
      found.set(key, { key, function: name, file, startLine, endLine, innermost });
    }
  }
  return [...found.values()].slice(0, mostLoops);
}

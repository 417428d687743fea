import { createHash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import { tunedBaseArgs } from '../build/plan-file.js';
import type { CompileCommand } from '../build/types.js';
import { profileFile } from '../levers/profiles.js';
import { failureText, run } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import { mapPool } from './pool.js';

const timeoutMs = 120_000;

/** Compiles units at -O3 with further flags: objects in the folder, by the output that they stand in for. */
export async function compileForTraining(
  request: {
    readonly clang: Clang;
    readonly commands: readonly CompileCommand[];
    readonly signal?: AbortSignal;
  },
  folder: string,
  flags: readonly string[],
): Promise<Map<string, string>> {
  const { clang, commands, signal } = request;
  await mkdir(folder, { recursive: true });
  const extra = [...tunedBaseArgs, ...flags];
  const objects = await mapPool([...commands.entries()], os.availableParallelism(), async ([at, command]) => {
    const object = path.join(folder, `${at}.o`);
    const compiler = command.language === 'c' ? clang.cc : clang.cxx;
    const argv = compileArgs(command, { compiler, output: object, extra });
    await mustRun(argv, { cwd: command.cwd, ...(signal && { signal }) });
    return [command.output, object] as const;
  });
  return new Map(objects);
}

/** Moves a profile into the folder, under its name, which is returned. */
export async function keepProfile(file: string, profiles: string): Promise<string> {
  const profile = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  await mkdir(profiles, { recursive: true });
  await rename(file, path.join(profiles, profileFile(profile)));
  return profile;
}

/** @throws Error with the first line of what the tool says, when it fails */
export async function mustRun(
  argv: readonly string[],
  options: { cwd?: string; signal?: AbortSignal } = {},
): Promise<void> {
  const result = await run(argv, { ...options, timeoutMs });
  if (result.code === 0) return;
  throw new Error(`${path.basename(argv[0] ?? '')} failed: ${failureText(result).split('\n')[0]}`);
}

import { mkdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import { profileHash } from '../build/profile-state.js';
import type { CompileCommand } from '../build/types.js';
import { type ProfileLever, profileFile } from '../levers/profiles.js';
import { failureText, run } from '../toolchain/run.js';
import type { Compiler } from '../toolchain/types.js';
import { mapPool } from './pool.js';

const timeoutMs = 120_000;

/** Compiles units with these flags behind their own: objects in the folder, by the output that they stand in for. */
export async function compileForTraining(
  request: { readonly commands: readonly CompileCommand[]; readonly signal?: AbortSignal },
  compiler: Compiler,
  folder: string,
  flagsFor: (command: CompileCommand) => readonly string[],
): Promise<Map<string, string>> {
  const { commands, signal } = request;
  await mkdir(folder, { recursive: true });
  const objects = await mapPool([...commands.entries()], os.availableParallelism(), async ([at, command]) => {
    const object = path.join(folder, `${at}.o`);
    const driver = command.language === 'c' ? compiler.cc : compiler.cxx;
    const argv = compileArgs(command, { compiler: driver, output: object, extra: flagsFor(command) });
    await mustRun(argv, { cwd: command.cwd, ...(signal && { signal }) });
    return [command.output, object] as const;
  });
  return new Map(objects);
}

/**
 * Moves a profile into the folder, under its name, which is returned.
 * @param place the file or, of a profile for gcc, the folder
 */
export async function keepProfile(lever: ProfileLever, place: string, profiles: string): Promise<string> {
  const name = await profileHash(place);
  if (name === undefined) throw new Error('the profile is not a file');
  await mkdir(profiles, { recursive: true });
  const kept = path.join(profiles, profileFile(lever, name));
  await rm(kept, { recursive: true, force: true });
  await rename(place, kept);
  return name;
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

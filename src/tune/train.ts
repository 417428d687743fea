import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import type { AddonBinary } from '../build/find-binaries.js';
import { tunedBaseArgs } from '../build/plan-file.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import { portableNames, profileFile } from '../levers/profiles.js';
import { profileCommand } from '../measure/profile.js';
import { runProcess } from '../measure/run-process.js';
import type { BenchTarget } from '../measure/types.js';
import { run } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import { failureText, linkAddon } from './link.js';
import { mapPool } from './pool.js';

export interface TrainRequest extends BenchTarget {
  readonly record: BuildRecord;
  readonly binaries: readonly AddonBinary[];
  readonly clang: Clang;
  /** What is instrumented; everything else stays as the stock build made it. */
  readonly commands: readonly CompileCommand[];
  /** Where the profile is kept. */
  readonly profiles: string;
}

export type Training =
  | { readonly kind: 'trained'; readonly profile: string }
  | { readonly kind: 'skipped'; readonly reason: string };

/** Instrumented code is about half as fast: this is some thousand calls of most cases. */
const trainingMs = 2_000;
const compileTimeoutMs = 120_000;
/** A bench that is a command runs as long as it takes. */
const longestRunMs = 180_000;

/**
 * Runs the bench, on the inputs for tuning, with instrumented code (`-fprofile-generate`), and keeps what it counted:
 * one profile for all units. A training that fails never ends a session.
 */
export async function train(request: TrainRequest): Promise<Training> {
  const { clang, workDir, signal } = request;
  const merge = clang.tools['llvm-profdata'];
  if (merge === undefined) {
    return skipped(`llvm-profdata of LLVM ${clang.major} was not found (package llvm-${clang.major})`);
  }
  const runtime = await profileRuntime(clang);
  if (runtime === undefined) {
    return skipped(
      `clang ${clang.major} has no run-time library for training (package libclang-rt-${clang.major}-dev)`,
    );
  }
  const folder = path.join(workDir, 'training');
  try {
    const binaries = await linkAddon(request.record, request.binaries, {
      replacements: await instrument(request, folder),
      into: path.join(folder, 'addon'),
      // No object asks for the run-time library: clang's own driver does, but the project's links here.
      extra: ['-Wl,-u,__llvm_profile_runtime', runtime],
    });
    const counted = await runBench(request, folder, binaries);
    const merged = path.join(folder, 'merged.profdata');
    // A process that was killed leaves half a file, an addon without instrumented code an empty one.
    await must([merge, 'merge', '--failure-mode=all', '-o', merged, ...counted]);
    return { kind: 'trained', profile: await keep(merged, request.profiles) };
  } catch (error) {
    signal?.throwIfAborted();
    return skipped(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function skipped(reason: string): Training {
  return { kind: 'skipped', reason };
}

/** The library lies beside the one that clang names when asked; on macOS it has another name, which is not looked for. */
async function profileRuntime(clang: Clang): Promise<string | undefined> {
  const asked = await run([clang.cc, '--rtlib=compiler-rt', '-print-libgcc-file-name'], {
    timeoutMs: 20_000,
  });
  const builtins = asked.stdout.trim();
  const file = path.join(path.dirname(builtins), path.basename(builtins).replace('builtins', 'profile'));
  if (asked.code !== 0 || file === builtins) return undefined;
  return access(file).then(
    () => file,
    () => undefined,
  );
}

/** Instrumented objects by the output that they stand in for. */
async function instrument(request: TrainRequest, folder: string): Promise<Map<string, string>> {
  const { clang, commands, signal } = request;
  await mkdir(folder, { recursive: true });
  const extra = [...tunedBaseArgs, '-fprofile-generate', '-mllvm', portableNames];
  const objects = await mapPool([...commands.entries()], os.availableParallelism(), async ([at, command]) => {
    const object = path.join(folder, `${at}.o`);
    const compiler = command.language === 'c' ? clang.cc : clang.cxx;
    const argv = compileArgs(command, { compiler, output: object, extra });
    await must(argv, { cwd: command.cwd, ...(signal && { signal }) });
    return [command.output, object] as const;
  });
  return new Map(objects);
}

/** Files with raw counts, one for every process and addon file. */
async function runBench(
  request: TrainRequest,
  folder: string,
  binaries: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { packageRoot, bench, entry, signal } = request;
  const raw = path.join(folder, 'raw');
  await mkdir(raw);
  const { argv, cwd, env } = await profileCommand({
    packageRoot,
    bench,
    ...(entry !== undefined && { entry }),
    inputs: 'tune',
    variant: { id: 'training', binaries },
    durationMs: trainingMs,
    workDir: folder,
  });
  const end = await runProcess({
    argv,
    cwd,
    env: { ...env, LLVM_PROFILE_FILE: path.join(raw, '%p-%m.profraw') },
    timeoutMs: longestRunMs,
    ...(signal && { signal }),
  });
  if (end.code !== 0) throw new Error(`the instrumented bench ${howItEnded(end)}`);
  const files = await readdir(raw);
  if (files.length === 0) throw new Error('the instrumented bench wrote no counts');
  return files.sort().map((file) => path.join(raw, file));
}

function howItEnded(end: { code: number | null; signal: string | null; timedOut: boolean }): string {
  if (end.timedOut) return 'does not end';
  return end.code === null ? `was ended by ${end.signal}` : `exits with ${end.code}`;
}

/** Moves the profile into a folder that holds nothing else, under its name. */
async function keep(file: string, profiles: string): Promise<string> {
  const profile = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  await rm(profiles, { recursive: true, force: true });
  await mkdir(profiles, { recursive: true });
  await rename(file, path.join(profiles, profileFile(profile)));
  return profile;
}

async function must(
  argv: readonly string[],
  options: { cwd?: string; signal?: AbortSignal } = {},
): Promise<void> {
  const result = await run(argv, { ...options, timeoutMs: compileTimeoutMs });
  if (result.code === 0) return;
  throw new Error(`${path.basename(argv[0] ?? '')} failed: ${failureText(result).split('\n')[0]}`);
}

import { access, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AddonBinary } from '../build/find-binaries.js';
import { tunedBaseArgs } from '../build/plan-file.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import { isaArgs } from '../levers/isa-level.js';
import { type ProfileLever, portableNames, profileFileOf } from '../levers/profiles.js';
import { renderConfiguration } from '../levers/render.js';
import type { Configuration } from '../levers/types.js';
import { profileCommand } from '../measure/profile.js';
import { runProcess } from '../measure/run-process.js';
import type { BenchTarget } from '../measure/types.js';
import { run } from '../toolchain/run.js';
import type { Clang, Gcc } from '../toolchain/types.js';
import { linkAddon } from './link.js';
import { compileForTraining, keepProfile, mustRun } from './training-files.js';

export interface TrainRequest extends BenchTarget {
  readonly record: BuildRecord;
  readonly binaries: readonly AddonBinary[];
  readonly clang: Clang;
  /** The project's own compiler, where configurations may be for it. */
  readonly gcc?: Gcc | undefined;
  /** What is instrumented; everything else stays as the stock build made it. */
  readonly commands: readonly CompileCommand[];
  /** ISA level of the code; what every processor runs when absent. */
  readonly level?: string;
  /** Where the profile is kept. */
  readonly profiles: string;
  /** The second training is left out where the first took longer than these milliseconds. */
  readonly recountWithinMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

export interface Training {
  /** Each as the configuration that uses it: counted once, and counted again after inlining. */
  readonly profiles: readonly Configuration[];
  /** Why there is none, or only the first. */
  readonly problem?: string;
}

/** Instrumented code is about half as fast: this is some thousand calls of most cases. */
const trainingMs = 2_000;
const showTimeoutMs = 120_000;
/** A bench that is a command runs as long as it takes. */
const longestRunMs = 180_000;

/**
 * Runs the bench, on the inputs for tuning, with instrumented code, and keeps what it counted for all units: once with
 * `-fprofile-generate`, and again, using that, with `-fcs-profile-generate`. A training that fails never ends a session.
 */
export async function train(request: TrainRequest): Promise<Training> {
  const {
    clang,
    signal,
    recountWithinMs = Number.POSITIVE_INFINITY,
    now = () => performance.now(),
  } = request;
  const merge = clang.tools['llvm-profdata'];
  if (merge === undefined) {
    return without(`llvm-profdata of LLVM ${clang.major} was not found (package llvm-${clang.major})`);
  }
  const runtime = await profileRuntime(clang);
  if (runtime === undefined) {
    return without(
      `clang ${clang.major} has no run-time library for training (package libclang-rt-${clang.major}-dev)`,
    );
  }
  await rm(request.profiles, { recursive: true, force: true });
  await mkdir(request.profiles, { recursive: true });
  const profiles: Configuration[] = [];
  const startedAt = now();
  try {
    const first = await count(request, { merge, runtime, lever: 'pgo-ir' });
    profiles.push(first);
    const tookMs = now() - startedAt;
    if (tookMs > recountWithinMs) {
      return { profiles, problem: `a training takes ${Math.round(tookMs / 1000)} s, too long for a second` };
    }
    profiles.push(await count(request, { merge, runtime, lever: 'pgo-cs', first }));
  } catch (error) {
    signal?.throwIfAborted();
    return { profiles, problem: error instanceof Error ? error.message : String(error) };
  }
  return { profiles };
}

function without(problem: string): Training {
  return { profiles: [], problem };
}

interface Count {
  /** llvm-profdata. */
  readonly merge: string;
  /** The run-time library. */
  readonly runtime: string;
  readonly lever: ProfileLever;
  /** What the second count builds on. */
  readonly first?: Configuration;
}

/** One training run, kept as a profile. */
async function count(request: TrainRequest, { merge, runtime, lever, first }: Count): Promise<Configuration> {
  const { clang, workDir, profiles } = request;
  const folder = path.join(workDir, 'training');
  const flags = [...tunedBaseArgs, ...instrumentation(request, first)];
  const raw = path.join(folder, 'raw');
  try {
    const binaries = await linkAddon(request.record, request.binaries, {
      replacements: await compileForTraining(request, clang, folder, () => flags),
      into: path.join(folder, 'addon'),
      // No object asks for the run-time library: clang's own driver does, but the project's links here.
      extra: ['-Wl,-u,__llvm_profile_runtime', runtime],
    });
    await mkdir(raw);
    await runInstrumented(request, folder, binaries, { LLVM_PROFILE_FILE: path.join(raw, '%p-%m.profraw') });
    const counted = await filesIn(raw);
    if (first !== undefined) counted.push(fileOf(request, first));
    const merged = path.join(folder, 'merged.profdata');
    // A process that was killed leaves half a file, an addon without instrumented code an empty one.
    await mustRun([merge, 'merge', '--failure-mode=all', '-o', merged, ...counted]);
    if (await isZero(merge, merged)) throw new Error('the bench ran none of the instrumented code');
    return { [lever]: await keepProfile(lever, merged, profiles) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether nothing was counted: such a profile would say that all code is cold. */
async function isZero(llvmProfdata: string, profile: string): Promise<boolean> {
  const { stdout } = await run([llvmProfdata, 'show', profile], { timeoutMs: showTimeoutMs });
  const largest = [...stdout.matchAll(/^Maximum (?:function|internal block) count: (\d+)$/gm)];
  return largest.length > 0 && largest.every(([, value]) => value === '0');
}

function fileOf({ profiles }: TrainRequest, configuration: Configuration): string {
  return path.join(profiles, profileFileOf(configuration) ?? '');
}

function instrumentation(request: TrainRequest, first: Configuration | undefined): string[] {
  const { clang, level, profiles } = request;
  if (first === undefined) return [...isaArgs(level), '-fprofile-generate', '-mllvm', portableNames];
  const target = {
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    major: clang.major,
    profiles,
    ...(level && { level }),
  } as const;
  const rendered = renderConfiguration(first, { allow: [] }, target);
  if (!rendered.ok || rendered.plan.kind !== 'flags') throw new Error('the first profile cannot be used');
  return [...rendered.plan.args, '-fcs-profile-generate'];
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

/**
 * Runs the bench once, on the inputs for tuning, in a process of its own that writes its counts as `env` or the code says.
 * @throws Error when it does not end well
 */
export async function runInstrumented(
  request: TrainRequest,
  folder: string,
  binaries: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { signal } = request;
  const { argv, cwd, env } = await profileCommand({
    ...request,
    inputs: 'tune',
    variant: { id: 'training', binaries },
    durationMs: trainingMs,
    workDir: folder,
  });
  const end = await runProcess({
    argv,
    cwd,
    env: { ...env, ...variables },
    timeoutMs: longestRunMs,
    ...(signal && { signal }),
  });
  if (end.code !== 0) throw new Error(`the instrumented bench ${howItEnded(end)}`);
}

/**
 * What the bench counted.
 * @throws Error when it counted nothing
 */
export async function filesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  if (files.length === 0) throw new Error('the instrumented bench wrote no counts');
  return files.sort().map((file) => path.join(folder, file));
}

function howItEnded(end: { code: number | null; signal: string | null; timedOut: boolean }): string {
  if (end.timedOut) return 'does not end';
  return end.code === null ? `was ended by ${end.signal}` : `exits with ${end.code}`;
}

import { realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import type { CasePhase, ChildResult, ProfileSpec } from './child/protocol.js';
import { childProgram } from './harness-file.js';
import { redirectedEnvironment } from './redirected-environment.js';
import type { BenchTarget, Inputs, Variant } from './types.js';

export interface ProfileRequest extends BenchTarget {
  readonly inputs: Inputs;
  readonly variant: Variant;
  /** How long the cases are called; a command runs once, whatever this says. */
  readonly durationMs: number;
}

/** A process to be run under a profiler. */
export interface ProfileCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** When each case ran, once the process has ended; empty for a command, and where the process did not end well. */
  readonly phases: () => Promise<readonly CasePhase[]>;
}

/**
 * Prepares a process that loads the variant and calls all cases in turn for `durationMs`. The variant's own files are loaded, not
 * copies, so that a profiler still finds them afterwards. What is written to `workDir` must stay until the process has ended.
 */
export async function profileCommand(request: ProfileRequest): Promise<ProfileCommand> {
  await mkdir(request.workDir, { recursive: true });
  const folder = await mkdtemp(join(request.workDir, 'profile-'));
  const packageRoot = realpathSync(request.packageRoot);
  const binaries = Object.fromEntries(
    Object.entries(request.variant.binaries).map(([loaded, file]) => [
      realPathOf(loaded),
      realpathSync(file),
    ]),
  );
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { bench, inputs } = request;
  if (bench.kind === 'command') {
    const argv = bench.command.map((argument) => argument.replaceAll('{inputs}', inputs));
    const preload = await childProgram('preload', folder);
    const redirect = await redirectedEnvironment(packageRoot, folder, binaries, preload);
    const phases = async () => [];
    return { argv, cwd: packageRoot, env: { ...env, ...redirect, AUTOPASS_INPUTS: inputs }, phases };
  }
  const spec: ProfileSpec = {
    kind: 'profile',
    packageRoot,
    ...(request.entry === undefined ? {} : { entry: request.entry }),
    bench: bench.path,
    inputs,
    variants: [binaries],
    out: join(folder, 'result'),
    durationMs: request.durationMs,
  };
  await writeFile(join(folder, 'spec.json'), JSON.stringify(spec));
  const harness = await childProgram('harness', folder);
  const argv = [process.execPath, harness, join(folder, 'spec.json')];
  return { argv, cwd: packageRoot, env, phases: () => phasesIn(spec.out) };
}

async function phasesIn(file: string): Promise<readonly CasePhase[]> {
  const written = await readFile(file).catch(() => undefined);
  if (written === undefined) return [];
  const result: ChildResult = deserialize(written);
  return result.kind === 'profile' ? result.phases : [];
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AutoPassError } from '../errors.js';
import type { ChildResult, ChildSpec } from './child/protocol.js';
import { type ChildEnd, readCommandEnd, readTrial } from './child-end.js';
import { type Copies, copyVariants } from './copies.js';
import type { Device } from './device/device.js';
import { childProgram } from './harness-file.js';
import { busyness, pinning } from './machine.js';
import { seededUniform } from './random.js';
import { loadedMarker, redirectedEnvironment } from './redirected-environment.js';
import { runProcess } from './run-process.js';
import { placeTask, runTrial, type Task } from './trial.js';
import type { BenchTarget, Variant } from './types.js';

export { type ChildEnd, describeEnd } from './child-end.js';

/** Starts processes that run the bench, and cleans up after them. */
export interface ChildSession {
  /** Grows while processes run: a device may become hot. */
  readonly warnings: readonly string[];
  /** Runs the harness on fresh copies of the variants. */
  run<Result extends ChildResult>(
    task: Task<Extract<ChildSpec, { kind: Result['kind'] }>>,
    variants: readonly Variant[],
    timeoutMs: number,
  ): Promise<ChildEnd<Result>>;
  /** Runs a command with one variant in the place of the loaded file. */
  command(
    argv: readonly string[],
    inputs: string,
    variant: Variant,
    timeoutMs: number,
  ): Promise<ChildEnd<Buffer>>;
  /** How many processes were started. */
  count(): number;
  close(): Promise<void>;
}

interface SessionOptions {
  readonly pin: boolean;
  readonly seed: number;
  /** Added to the environment of every process; here only. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Opens a session on the target's device, or here, in a folder of its own below `workDir`. `pin` watches the machine first and pins every process to
 * one core.
 * @throws AutoPassError `DEVICE_BENCH` for a command on a device.
 */
export async function openSession(target: BenchTarget, options: SessionOptions): Promise<ChildSession> {
  target.signal?.throwIfAborted();
  const { device, bench } = target;
  if (device === undefined) return localSession(target, options);
  if (bench.kind === 'module') return deviceSession(device, bench.path, target, options);
  throw new AutoPassError('DEVICE_BENCH', 'A bench that is a command does not run on a device.', {
    hint: 'Write a bench module with: autopass init',
  });
}

async function localSession(target: BenchTarget, options: SessionOptions): Promise<ChildSession> {
  const { packageRoot, bench, entry, signal } = target;
  await mkdir(target.workDir, { recursive: true });
  const folder = await mkdtemp(join(target.workDir, 'bench-'));
  const machine = options.pin ? await busyness() : undefined;
  const pin = machine === undefined ? [] : pinning(machine, process.env);
  const warnings: string[] = [];
  if (machine?.busy) warnings.push('the machine is busy: close other programs, or expect wide intervals');
  if (machine !== undefined && pin.length === 0)
    warnings.push('processes are not pinned to a core: taskset was not found');
  const padding = paddings(options.seed);
  let started = 0;

  async function inFolder<T>(
    variants: readonly Variant[],
    use: (place: string, copies: Copies[]) => Promise<T>,
  ) {
    const place = join(folder, String(started++));
    try {
      return await use(place, await copyVariants(variants, place));
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
  const environment = (copies: readonly Copies[]): NodeJS.ProcessEnv => {
    const { NODE_V8_COVERAGE: _coverage, ...env } = process.env;
    const libraryPath = [...copies.flatMap((copy) => copy.libraryPath), env.LD_LIBRARY_PATH ?? ''];
    return { ...env, ...childEnvironment(libraryPath, padding()), ...options.env };
  };

  return {
    warnings,
    run: (task, variants, timeoutMs) =>
      inFolder(variants, async (place, copies) => {
        if (bench.kind !== 'module') throw new TypeError('a command has no bench module');
        const binaries = copies.map((copy) => copy.binaries);
        const trial = await runTrial({
          spec: placeTask(task, { packageRoot, bench: bench.path, entry }, binaries, place),
          start: [...pin, ...(target.node ?? [process.execPath])],
          harness: await childProgram('harness', folder),
          env: environment(copies),
          timeoutMs,
          signal,
        });
        return readTrial(trial);
      }),
    command: (argv, inputs, variant, timeoutMs) =>
      inFolder([variant], async (place, copies) => {
        const preload = await childProgram('preload', folder);
        const redirect = await redirectedEnvironment(packageRoot, place, copies[0]?.binaries ?? {}, preload);
        const end = await runProcess({
          argv: [...pin, ...argv.map((argument) => argument.replaceAll('{inputs}', inputs))],
          cwd: packageRoot,
          env: { ...environment(copies), ...redirect, AUTOPASS_INPUTS: inputs },
          timeoutMs,
          signal,
        });
        const wasLoaded = await readFile(loadedMarker(place)).then(
          () => true,
          () => false,
        );
        return readCommandEnd(end, wasLoaded);
      }),
    count: () => started,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The device keeps its copy of the package until it is closed itself. */
function deviceSession(
  device: Device,
  bench: string,
  { packageRoot, entry, workDir, signal }: BenchTarget,
  options: SessionOptions,
): ChildSession {
  const padding = paddings(options.seed);
  const warnings = new Map<string, string>();
  let started = 0;
  return {
    get warnings() {
      return [...warnings.values()];
    },
    async run(task, variants, timeoutMs) {
      started++;
      const trial = await device.run({
        task,
        place: { packageRoot, bench, entry },
        variants,
        workDir,
        environment: (libraryPath) => childEnvironment(libraryPath, padding()),
        pin: options.pin,
        timeoutMs,
        signal,
      });
      for (const [kind, text] of trial.warnings) if (!warnings.has(kind)) warnings.set(kind, text);
      return readTrial(trial);
    },
    command: () => Promise.reject(new TypeError('a device runs bench modules only')),
    count: () => started,
    close: () => Promise.resolve(),
  };
}

/** The size of the environment moves the stack, and with it the speed (Mytkowicz et al., ASPLOS 2009): it is varied between processes. */
function paddings(seed: number): () => string {
  const uniform = seededUniform(seed);
  return () => 'x'.repeat(Math.floor(uniform() * 4096));
}

function childEnvironment(libraryPath: readonly string[], padding: string): Record<string, string> {
  const folders = [...new Set(libraryPath)].filter(Boolean);
  return {
    ...(folders.length > 0 && { LD_LIBRARY_PATH: folders.join(':') }),
    AUTOPASS_PADDING: padding,
  };
}

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import type { ChildFailure, ChildResult, ChildSpec } from './child/protocol.js';
import { type Copies, copyVariant } from './copies.js';
import { childProgram } from './harness-file.js';
import { busyness, pinning } from './machine.js';
import { seededUniform } from './random.js';
import { loadedMarker, redirectedEnvironment } from './redirected-environment.js';
import { type ProcessEnd, runProcess } from './run-process.js';
import type { BenchTarget, Variant } from './types.js';

/** How a child process ended. */
export type ChildEnd<Result> =
  | { readonly kind: 'result'; readonly value: Result; readonly end: ProcessEnd }
  | { readonly kind: 'failure'; readonly failure: ChildFailure }
  | {
      readonly kind: 'crashed';
      readonly signal: string | null;
      readonly code: number | null;
      readonly detail: string;
    }
  | { readonly kind: 'timed-out'; readonly detail: string };

/** The parts of a spec that a session fills in itself. */
type Filled = 'packageRoot' | 'entry' | 'bench' | 'variants' | 'out';
type Unfilled<Spec> = Spec extends unknown ? Omit<Spec, Filled> : never;

/** Starts processes that run the bench, and cleans up after them. */
export interface ChildSession {
  readonly warnings: readonly string[];
  /** Runs the harness on fresh copies of the variants. */
  run<Result extends ChildResult>(
    spec: Unfilled<Extract<ChildSpec, { kind: Result['kind'] }>>,
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

/**
 * Opens a session in a folder of its own below `workDir`. `pin` watches the machine first and pins every process to one core; `env` is added
 * to the environment of every process.
 */
export async function openSession(
  target: BenchTarget,
  options: { pin: boolean; seed: number; env?: NodeJS.ProcessEnv },
): Promise<ChildSession> {
  target.signal?.throwIfAborted();
  await mkdir(target.workDir, { recursive: true });
  const folder = await mkdtemp(join(target.workDir, 'bench-'));
  const machine = options.pin ? await busyness() : undefined;
  const pin = machine === undefined ? [] : pinning(machine, process.env);
  const warnings: string[] = [];
  if (machine?.busy) warnings.push('the machine is busy: close other programs, or expect wide intervals');
  if (machine !== undefined && pin.length === 0)
    warnings.push('processes are not pinned to a core: taskset was not found');
  const uniform = seededUniform(options.seed);
  let started = 0;

  async function inFolder<T>(
    variants: readonly Variant[],
    use: (place: string, copies: Copies[]) => Promise<T>,
  ) {
    const place = join(folder, String(started++));
    try {
      const copies = await Promise.all(
        variants.map((variant, index) => copyVariant(variant, join(place, `v${index}`))),
      );
      return await use(place, copies);
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
  const start = (
    argv: readonly string[],
    env: NodeJS.ProcessEnv,
    copies: readonly Copies[],
    timeoutMs: number,
  ) =>
    runProcess({
      argv: [...pin, ...argv],
      cwd: target.packageRoot,
      env: { ...childEnvironment(copies, uniform), ...options.env, ...env },
      timeoutMs,
      ...(target.signal === undefined ? {} : { signal: target.signal }),
    });

  return {
    warnings,
    run: (partial, variants, timeoutMs) =>
      inFolder(variants, async (place, copies) => {
        if (target.bench.kind !== 'module') throw new TypeError('a command has no bench module');
        const spec = {
          ...partial,
          packageRoot: target.packageRoot,
          ...(target.entry === undefined ? {} : { entry: target.entry }),
          bench: target.bench.path,
          variants: copies.map(({ binaries }) => binaries),
          out: join(place, 'result'),
        };
        await writeFile(join(place, 'spec.json'), JSON.stringify(spec));
        const harness = await childProgram('harness', folder);
        const argv = [
          ...(target.node ?? [process.execPath]),
          '--expose-gc',
          harness,
          join(place, 'spec.json'),
        ];
        return readEnd(await start(argv, {}, copies, timeoutMs), spec.out);
      }),
    command: (argv, inputs, variant, timeoutMs) =>
      inFolder([variant], async (place, copies) => {
        const preload = await childProgram('preload', folder);
        const env = await redirectedEnvironment(
          target.packageRoot,
          place,
          copies[0]?.binaries ?? {},
          preload,
        );
        const filled = argv.map((argument) => argument.replaceAll('{inputs}', inputs));
        const end = await start(filled, { ...env, AUTOPASS_INPUTS: inputs }, copies, timeoutMs);
        return readCommandEnd(end, loadedMarker(place));
      }),
    count: () => started,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The size of the environment moves the stack, and with it the speed (Mytkowicz et al., ASPLOS 2009): it is varied between processes. */
function childEnvironment(copies: readonly Copies[], uniform: () => number): NodeJS.ProcessEnv {
  const { NODE_V8_COVERAGE: _coverage, ...env } = process.env;
  const libraryPath = [
    ...new Set(copies.flatMap((copy) => copy.libraryPath)),
    env.LD_LIBRARY_PATH ?? '',
  ].filter(Boolean);
  return {
    ...env,
    ...(libraryPath.length === 0 ? {} : { LD_LIBRARY_PATH: libraryPath.join(':') }),
    AUTOPASS_PADDING: 'x'.repeat(Math.floor(uniform() * 4096)),
  };
}

async function readEnd<Result extends ChildResult>(end: ProcessEnd, out: string): Promise<ChildEnd<Result>> {
  const written = await readFile(out).catch(() => undefined);
  if (written !== undefined) {
    const value: Result | ChildFailure = deserialize(written);
    return value.kind === 'failure'
      ? { kind: 'failure', failure: value }
      : { kind: 'result', value: value as Result, end };
  }
  const inCase = await readFile(`${out}.case`, 'utf8').catch(() => undefined);
  return badEnd(end, inCase === undefined ? '' : ` in case ${JSON.stringify(inCase)}`);
}

async function readCommandEnd(end: ProcessEnd, marker: string): Promise<ChildEnd<Buffer>> {
  if (end.timedOut || end.signal !== null || end.code !== 0) return badEnd(end, '');
  const loaded = await readFile(marker).then(
    () => true,
    () => false,
  );
  if (loaded) return { kind: 'result', value: end.stdout, end };
  const detail = 'the command ended without loading the addon';
  return { kind: 'failure', failure: { kind: 'failure', stage: 'not-loaded', variant: 0, detail } };
}

function badEnd(end: ProcessEnd, where: string): Extract<ChildEnd<never>, { detail: string }> {
  const seconds = (end.elapsedNs / 1e9).toFixed(1);
  if (end.timedOut) return { kind: 'timed-out', detail: `killed after ${seconds} s${where}` };
  const how = end.signal === null ? `exit code ${end.code}` : end.signal;
  const lines = end.stderr.split('\n').filter((line) => line.trim() !== '');
  const detail = [`${how}${where}`, ...lines.slice(-3)].join(': ');
  return { kind: 'crashed', signal: end.signal, code: end.code, detail };
}

/** One line about an end that gave no result. */
export function describeEnd(end: Exclude<ChildEnd<unknown>, { kind: 'result' }>): string {
  if (end.kind !== 'failure') return end.detail;
  const { stage, detail } = end.failure;
  const inCase = end.failure.case === undefined ? '' : ` in case ${JSON.stringify(end.failure.case)}`;
  return stage === 'not-loaded' ? `not loaded: ${detail}` : `${stage} failed${inCase}: ${detail}`;
}

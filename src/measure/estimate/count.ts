import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { AutoPassError } from '../../errors.js';
import type { CountResult } from '../child/protocol.js';
import { describeEnd, openSession } from '../child-session.js';
import type { BenchTarget, Inputs, Variant } from '../types.js';
import { type BlockCount, type CountReport, parseCountReport } from './count-report.js';

/** What one call of a case executed in one of the variant's files. */
export interface FileCounts {
  /** The variant's own file. */
  readonly file: string;
  /** What the package would have loaded: the key of `Variant.binaries`. */
  readonly loaded: string;
  readonly blocks: readonly BlockCount[];
}

/** What one call of each case executed inside the addon, by the case's name. Exact: counted, not sampled. */
export type ExecutionCounts = Readonly<Record<string, readonly FileCounts[]>>;

export interface CountRequest extends BenchTarget {
  /** Words that start Node under QEMU's user mode, for example `qemu-aarch64 -L /usr/aarch64-linux-gnu node`. */
  readonly node: readonly string[];
  readonly inputs: Inputs;
  /** From `buildCounter`. */
  readonly counter: string;
  /** Per variant, 10 minutes by default. */
  readonly timeoutMs?: number;
}

export type CountEnd =
  | {
      readonly kind: 'counted';
      /** In the order of the variants. */
      readonly variants: readonly ExecutionCounts[];
      /** The bench does not tell `tune` from `check`. */
      readonly sameInputs: boolean;
    }
  | { readonly kind: 'failed'; readonly detail: string };

const defaultTimeoutMs = 600_000;

/**
 * Runs every case of the bench under an emulator that counts what is executed inside the addon. All variants are loaded into one
 * process: where that fails, ask for each alone.
 * @throws AutoPassError `NO_EMULATOR`, `NO_PLUGINS`, `ESTIMATE_NEEDS_MODULE`; the reason of `signal` when aborted
 */
export async function countExecutions(
  request: CountRequest,
  variants: readonly Variant[],
): Promise<CountEnd> {
  if (request.bench.kind !== 'module') {
    throw new AutoPassError('ESTIMATE_NEEDS_MODULE', 'Instructions are counted with a bench module only.', {
      hint: 'Write one with: autopass init',
    });
  }
  await mkdir(request.workDir, { recursive: true });
  const folder = await realpath(await mkdtemp(path.join(request.workDir, 'count-')));
  const report = path.join(folder, 'report');
  const env = {
    // A comma separates a plugin's arguments, a doubled one stands for itself.
    QEMU_PLUGIN: request.counter.replaceAll(',', ',,'),
    AUTOPASS_COUNT_BELOW: folder,
    AUTOPASS_COUNT_REPORT: report,
  };
  try {
    const target = { ...request, packageRoot: await realpath(request.packageRoot), workDir: folder };
    const session = await openSession(target, { pin: false, seed: 0, env });
    const timeoutMs = (request.timeoutMs ?? defaultTimeoutMs) * variants.length;
    const end = await session
      .run<CountResult>({ kind: 'count', inputs: request.inputs }, variants, timeoutMs)
      .catch((error: unknown) => {
        throw notFound(error, request.node[0]) ?? error;
      });
    if (end.kind !== 'result') return { kind: 'failed', detail: describeEnd(end) };
    const text = await readFile(report, 'utf8').catch(() => {
      throw new AutoPassError('NO_PLUGINS', `${request.node[0]} counted nothing: it loads no plugins.`, {
        family: 'toolchain',
        hint: 'Use the emulator of the package qemu-user; the static one of qemu-user-static loads none.',
      });
    });
    return {
      kind: 'counted',
      variants: variants.map((variant, index) => countsOf(variant, index, end.value, parseCountReport(text))),
      sameInputs: end.value.sameInputs,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function countsOf(
  variant: Variant,
  index: number,
  result: CountResult,
  report: CountReport,
): ExecutionCounts {
  // Both in the order in which the variant names its files.
  const copies = Object.values(result.variants[index] ?? {});
  const names = Object.entries(variant.binaries);
  return Object.fromEntries(
    result.phases.flatMap((entry, phase) => {
      if (entry.variant !== index) return [];
      const counted = report.get(phase + 1);
      const files = names.map(([loaded, file], at) => {
        return { file, loaded, blocks: counted?.get(copies[at] ?? '') ?? [] };
      });
      return [[entry.case, files]];
    }),
  );
}

function notFound(error: unknown, program: string | undefined): AutoPassError | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return undefined;
  return new AutoPassError('NO_EMULATOR', `${program} was not found.`, {
    family: 'toolchain',
    hint: 'On Debian or Ubuntu: apt-get install qemu-user',
    cause: error,
  });
}

import { realpathSync } from 'node:fs';
import type { OutputsResult } from '../measure/child/protocol.js';
import { type ChildEnd, describeEnd, openSession } from '../measure/child-session.js';
import type { BenchTarget, Inputs, Variant } from '../measure/types.js';
import { compareCases } from './compare-cases.js';

export interface ProbeRequest extends BenchTarget {
  readonly baseline: Variant;
  /** `tune` by default. */
  readonly inputs?: Inputs;
}

/** Why a bench cannot be tuned against. */
export type BenchProblem =
  /** The package works without this build: a JavaScript fallback, another file, or cases that never reach the addon. */
  | { readonly kind: 'not-mapped'; readonly detail: string }
  /** Requiring the package failed. */
  | { readonly kind: 'load-failed'; readonly detail: string }
  /** The module has no usable default export, or making the cases failed. */
  | { readonly kind: 'invalid-bench'; readonly detail: string }
  | { readonly kind: 'no-cases'; readonly detail: string }
  | { readonly kind: 'bench-throws'; readonly case: string; readonly detail: string }
  | { readonly kind: 'crashed'; readonly detail: string }
  | { readonly kind: 'timed-out'; readonly detail: string }
  /** Two runs of the same build differ, so that no candidate could be verified. */
  | {
      readonly kind: 'nondeterministic';
      readonly case: string;
      readonly path: string;
      readonly detail: string;
    }
  /** No case returns anything that could be compared. */
  | { readonly kind: 'empty-outputs'; readonly detail: string };

export interface ProbeResult {
  readonly cases: readonly string[];
  readonly sameInputs: boolean;
  /** The baseline's file was in the memory of the process after every case had run. */
  readonly mapped: boolean;
  /** Paths the package loaded, of those that the baseline names. */
  readonly loaded: readonly string[];
  readonly canLoadTwice: boolean;
  /** Cases that return `undefined` or `null`: they are timed, but not verified. */
  readonly emptyCases: readonly string[];
  readonly problem?: BenchProblem;
}

const nothing: ProbeResult = {
  cases: [],
  sameInputs: false,
  mapped: false,
  loaded: [],
  canLoadTwice: false,
  emptyCases: [],
};

/**
 * Runs the bench on the baseline, once alone and once with two copies in one process, and tells what can be measured. A command is
 * only run.
 */
export async function probeBench(request: ProbeRequest): Promise<ProbeResult> {
  const target = { ...request, packageRoot: realpathSync(request.packageRoot) };
  const { bench, baseline, inputs = 'tune', timeoutMs = 60_000 } = request;
  const session = await openSession(target, { pin: false, seed: 0 });
  try {
    if (bench.kind === 'command') {
      const end = await session.command(bench.command, inputs, baseline, timeoutMs);
      const sameInputs = !bench.command.some((argument) => argument.includes('{inputs}'));
      if (end.kind !== 'result') return { ...nothing, sameInputs, problem: endProblem(end) };
      return {
        ...nothing,
        cases: ['command'],
        sameInputs,
        mapped: true,
        loaded: Object.keys(baseline.binaries),
      };
    }
    const once = await session.run<OutputsResult>({ kind: 'outputs', inputs }, [baseline], timeoutMs);
    if (once.kind !== 'result') return { ...nothing, problem: endProblem(once) };
    const twice = await session.run<OutputsResult>(
      { kind: 'outputs', inputs },
      [baseline, baseline],
      2 * timeoutMs,
    );
    return judge(once.value, twice.kind === 'result' ? twice.value : undefined);
  } finally {
    await session.close();
  }
}

function judge(once: OutputsResult, twice: OutputsResult | undefined): ProbeResult {
  const [run] = once.variants;
  if (run === undefined) return nothing;
  const cases = Object.entries(run.cases);
  const emptyCases = cases
    .filter(
      ([, { outputs, threw }]) =>
        threw === undefined && outputs.every((output) => output === undefined || output === null),
    )
    .map(([name]) => name);
  const [, second] = twice?.variants ?? [];
  const secondWorks =
    second !== undefined && Object.values(second.cases).every(({ threw }) => threw === undefined);
  const result: ProbeResult = {
    cases: cases.map(([name]) => name),
    sameInputs: once.sameInputs,
    mapped: run.loaded.length > 0,
    loaded: run.loaded,
    canLoadTwice: secondWorks && second.loaded.length === run.loaded.length,
    emptyCases,
  };
  const problem = findProblem(result, once, twice);
  return problem === undefined ? result : { ...result, problem };
}

function findProblem(
  result: ProbeResult,
  once: OutputsResult,
  twice: OutputsResult | undefined,
): BenchProblem | undefined {
  const [run] = once.variants;
  if (run === undefined) return undefined;
  const thrown = Object.entries(run.cases).find(([, { threw }]) => threw !== undefined);
  if (thrown !== undefined) return { kind: 'bench-throws', case: thrown[0], detail: thrown[1].threw ?? '' };
  if (!result.mapped) {
    const [reason] = run.loadErrors;
    const fallback =
      'every case ran, but the addon was never loaded: the package may fall back to JavaScript or load another file';
    const detail =
      reason === undefined
        ? fallback
        : `the addon could not be loaded, and the package went on without it: ${reason}`;
    return { kind: 'not-mapped', detail };
  }
  // A second copy that misbehaves only means that the addon cannot be loaded twice.
  const others = twice?.variants.slice(0, result.canLoadTwice ? 2 : 1) ?? [];
  for (const other of others) {
    const difference = compareCases(run.cases, other.cases);
    if (difference === undefined) continue;
    const { case: name, path, detail } = difference;
    return {
      kind: 'nondeterministic',
      case: name,
      path,
      detail: `two runs of the same build differ: ${detail}`,
    };
  }
  if (result.emptyCases.length === result.cases.length) {
    return {
      kind: 'empty-outputs',
      detail: 'no case returns anything, so that wrong results could not be seen',
    };
  }
  return undefined;
}

function endProblem(end: Exclude<ChildEnd<unknown>, { kind: 'result' }>): BenchProblem {
  const detail = describeEnd(end);
  if (end.kind !== 'failure') return { kind: end.kind, detail };
  switch (end.failure.stage) {
    case 'not-loaded':
      return { kind: 'not-mapped', detail };
    case 'load':
      return { kind: 'load-failed', detail };
    case 'case':
      return { kind: 'bench-throws', case: end.failure.case ?? '', detail };
    case 'no-cases':
      return { kind: 'no-cases', detail };
    default:
      return { kind: 'invalid-bench', detail };
  }
}

import { realpathSync } from 'node:fs';
import type { OutputsResult } from '../measure/child/protocol.js';
import { type ChildEnd, type ChildSession, describeEnd, openSession } from '../measure/child-session.js';
import { mean } from '../measure/statistics.js';
import type { BenchTarget, Inputs, Variant } from '../measure/types.js';
import { compareOutputs, type Tolerance } from './compare.js';
import { compareCases } from './compare-cases.js';

export interface VerifyRequest extends BenchTarget {
  readonly reference: Variant;
  readonly candidate: Variant;
  /** Both by default. */
  readonly inputs?: readonly Inputs[];
  /** Only where the config sets one; outputs must be equal otherwise. */
  readonly tolerance?: Tolerance;
  /** For each process, 60 s by default. */
  readonly timeoutMs?: number;
}

export type Verification =
  | {
      readonly outcome: 'equal';
      /** Time of the reference over time of the candidate, from single calls: good for spotting what is several times slower. */
      readonly quickRatio?: number;
    }
  | { readonly outcome: 'incorrect'; readonly case: string; readonly path: string; readonly detail: string }
  | {
      readonly outcome: 'crashed';
      readonly signal: string | null;
      readonly code: number | null;
      readonly detail: string;
    }
  | { readonly outcome: 'timed-out'; readonly detail: string }
  | { readonly outcome: 'not-loaded'; readonly detail: string };

type Verdict = Exclude<Verification, { outcome: 'equal' }>;
type Checked =
  | { readonly ok: true; readonly logRatios: readonly number[] }
  | { readonly ok: false; readonly verdict: Verdict };

/**
 * Runs every case of the bench on both builds, each in a process of its own, and compares what they return. Crashes, hangs and builds that are
 * never loaded are verdicts. For a bench that is a command, the exit code must be 0 and standard output the same, where the reference
 * prints the same twice.
 * @throws the reason of `signal` when aborted.
 */
export async function verifyVariant(request: VerifyRequest): Promise<Verification> {
  const target = { ...request, packageRoot: realpathSync(request.packageRoot) };
  const session = await openSession(target, { pin: false, seed: 0 });
  const check = request.bench.kind === 'module' ? checkModule : checkCommand;
  try {
    const logRatios: number[] = [];
    for (const inputs of request.inputs ?? (['tune', 'check'] as const)) {
      const checked = await check(target, session, inputs);
      if (!checked.ok) return checked.verdict;
      logRatios.push(...checked.logRatios);
    }
    return { outcome: 'equal', ...(logRatios.length === 0 ? {} : { quickRatio: Math.exp(mean(logRatios)) }) };
  } finally {
    await session.close();
  }
}

const defaultTimeoutMs = 60_000;

async function checkModule(request: VerifyRequest, session: ChildSession, inputs: Inputs): Promise<Checked> {
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
  const runOne = (variant: Variant) =>
    session.run<OutputsResult>({ kind: 'outputs', inputs }, [variant], timeoutMs);
  const [expected, actual] = [await runOne(request.reference), await runOne(request.candidate)];
  if (expected.kind !== 'result') return { ok: false, verdict: endVerdict(expected, 'the reference: ') };
  if (actual.kind !== 'result') return { ok: false, verdict: endVerdict(actual) };
  const reference = expected.value.variants[0];
  const candidate = actual.value.variants[0];
  if (reference === undefined || candidate === undefined || candidate.loaded.length === 0) {
    const detail = candidate?.loadErrors[0] ?? 'the package ran without loading this build';
    return { ok: false, verdict: { outcome: 'not-loaded', detail } };
  }
  // A destructor that crashes at exit comes after the outputs, but is a crash all the same.
  if (actual.end.signal !== null && expected.end.signal === null) {
    const { signal, code } = actual.end;
    return { ok: false, verdict: { outcome: 'crashed', signal, code, detail: `${signal} at exit` } };
  }
  const incorrect = compareCases(reference.cases, candidate.cases, request.tolerance);
  if (incorrect !== undefined) return { ok: false, verdict: { outcome: 'incorrect', ...incorrect } };
  const logRatios = Object.entries(reference.cases).map(([name, { ns }]) =>
    Math.log(ns / (candidate.cases[name]?.ns ?? Number.NaN)),
  );
  return { ok: true, logRatios: logRatios.filter(Number.isFinite) };
}

async function checkCommand(request: VerifyRequest, session: ChildSession, inputs: Inputs): Promise<Checked> {
  const { bench } = request;
  if (bench.kind !== 'command') return { ok: true, logRatios: [] };
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
  const runOne = (variant: Variant) => session.command(bench.command, inputs, variant, timeoutMs);
  const [first, second, actual] = [
    await runOne(request.reference),
    await runOne(request.reference),
    await runOne(request.candidate),
  ];
  if (first.kind !== 'result') return { ok: false, verdict: endVerdict(first, 'the reference: ') };
  if (actual.kind !== 'result') return { ok: false, verdict: endVerdict(actual) };
  const steady = second.kind === 'result' && first.value.equals(second.value);
  const comparison = steady ? compareOutputs(first.value, actual.value) : undefined;
  if (comparison?.equal === false) {
    const detail = `standard output: ${comparison.detail}`;
    return { ok: false, verdict: { outcome: 'incorrect', case: 'command', path: '', detail } };
  }
  return { ok: true, logRatios: [Math.log(first.end.elapsedNs / actual.end.elapsedNs)] };
}

function endVerdict(end: Exclude<ChildEnd<unknown>, { kind: 'result' }>, of = ''): Verdict {
  const detail = of + describeEnd(end);
  if (end.kind === 'crashed') return { outcome: 'crashed', signal: end.signal, code: end.code, detail };
  if (end.kind === 'timed-out') return { outcome: 'timed-out', detail };
  const { stage, case: name = '' } = end.failure;
  if (stage === 'not-loaded' || stage === 'load') return { outcome: 'not-loaded', detail };
  return { outcome: 'incorrect', case: name, path: '', detail };
}

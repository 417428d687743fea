import { realpathSync } from 'node:fs';
import type { OutputsResult } from '../measure/child/protocol.js';
import { type ChildEnd, type ChildSession, describeEnd, openSession } from '../measure/child-session.js';
import type { BenchTarget, Inputs, Mode, Variant } from '../measure/types.js';
import { compareOutputs, type Tolerance } from './compare.js';
import { compareCases } from './compare-cases.js';
import { compareElf } from './elf.js';

export interface VerifierRequest extends BenchTarget {
  readonly reference: Variant;
  /** Candidates are code for another ISA level than the reference. */
  readonly isOtherLevel?: boolean;
  /** Both by default. */
  readonly inputs?: readonly Inputs[];
  /** Only where the config sets one; outputs must be equal otherwise. */
  readonly tolerance?: Tolerance;
  /** `process-only` when a probe found that the addon cannot be loaded twice. */
  readonly mode?: Mode;
}

export type Verification =
  | { readonly outcome: 'equal' }
  | { readonly outcome: 'incorrect'; readonly case: string; readonly path: string; readonly detail: string }
  | {
      readonly outcome: 'crashed';
      readonly signal: string | null;
      readonly code: number | null;
      readonly detail: string;
    }
  | { readonly outcome: 'timed-out'; readonly detail: string }
  | { readonly outcome: 'not-loaded'; readonly detail: string };

/** Compares builds with one reference, whose own outputs are taken once. */
export interface Verifier {
  /**
   * One verdict per candidate, by its id: exported symbols and ELF machine first, then what every case of the bench returns. Candidates run together
   * in one process; whoever does not pass there is judged again alone, so that none pays for what another did. Crashes, hangs and builds that are
   * never loaded are verdicts. For a bench that is a command, the exit code must be 0 and standard output the same, where the
   * reference prints the same twice.
   * @throws the reason of `signal` when aborted.
   */
  verify(candidates: readonly Variant[]): Promise<Map<string, Verification>>;
}

const equal: Verification = { outcome: 'equal' };
const defaultTimeoutMs = 60_000;

type OutputsEnd = ChildEnd<OutputsResult>;
type CommandEnd = ChildEnd<Buffer>;

export function createVerifier(request: VerifierRequest): Verifier {
  const target = { ...request, packageRoot: realpathSync(request.packageRoot) };
  const { reference, bench, tolerance, isOtherLevel, timeoutMs = defaultTimeoutMs } = target;
  const inputSets = target.inputs ?? (['tune', 'check'] as const);
  const expected = new Map<Inputs, OutputsEnd>();
  const printed = new Map<Inputs, readonly [CommandEnd, CommandEnd]>();

  const outputsOf = (session: ChildSession, variants: readonly Variant[], inputs: Inputs) =>
    session.run<OutputsResult>({ kind: 'outputs', inputs }, variants, timeoutMs * variants.length);

  async function together(
    session: ChildSession,
    candidates: readonly Variant[],
    inputs: Inputs,
  ): Promise<Verification[]> {
    const known = expected.get(inputs) ?? (await outputsOf(session, [reference], inputs));
    if (known.kind !== 'result') return candidates.map(() => endVerdict(known, 'the reference: '));
    expected.set(inputs, known);
    const actual = await outputsOf(session, candidates, inputs);
    if (actual.kind !== 'result') return candidates.map(() => endVerdict(actual));
    // A destructor that crashes at exit comes after the outputs, but is a crash all the same.
    const { signal, code } = actual.end;
    if (signal !== null && known.end.signal === null) {
      return candidates.map(() => ({ outcome: 'crashed', signal, code, detail: `${signal} at exit` }));
    }
    return candidates.map((_, index) =>
      compareVariant(known.value.variants[0], actual.value.variants[index], tolerance),
    );
  }

  async function command(
    session: ChildSession,
    argv: readonly string[],
    candidate: Variant,
    inputs: Inputs,
  ): Promise<Verification> {
    const runOne = (variant: Variant) => session.command(argv, inputs, variant, timeoutMs);
    const [first, second] = printed.get(inputs) ?? [await runOne(reference), await runOne(reference)];
    if (first.kind !== 'result') return endVerdict(first, 'the reference: ');
    printed.set(inputs, [first, second]);
    const actual = await runOne(candidate);
    if (actual.kind !== 'result') return endVerdict(actual);
    const isSteady = second.kind === 'result' && first.value.equals(second.value);
    const comparison = isSteady ? compareOutputs(first.value, actual.value) : undefined;
    if (comparison?.equal !== false) return equal;
    return {
      outcome: 'incorrect',
      case: 'command',
      path: '',
      detail: `standard output: ${comparison.detail}`,
    };
  }

  async function alone(session: ChildSession, candidate: Variant): Promise<Verification> {
    for (const inputs of inputSets) {
      const [verdict = equal] =
        bench.kind === 'command'
          ? [await command(session, bench.command, candidate, inputs)]
          : await together(session, [candidate], inputs);
      if (verdict.outcome !== 'equal') return verdict;
    }
    return equal;
  }

  /** The candidates that passed in company. */
  async function passedTogether(
    session: ChildSession,
    candidates: readonly Variant[],
  ): Promise<ReadonlySet<string>> {
    if (bench.kind === 'command' || target.mode === 'process-only' || candidates.length < 2) return new Set();
    let passed = candidates;
    for (const inputs of inputSets) {
      if (passed.length === 0) break;
      const verdicts = await together(session, passed, inputs);
      passed = passed.filter((_, index) => verdicts[index]?.outcome === 'equal');
    }
    return new Set(passed.map(({ id }) => id));
  }

  return {
    async verify(candidates) {
      const session = await openSession(target, { pin: false, seed: 0 });
      try {
        const verdicts = new Map<string, Verification>();
        for (const candidate of candidates)
          verdicts.set(candidate.id, await sameInterface(reference, candidate, isOtherLevel));
        const fitting = candidates.filter(({ id }) => verdicts.get(id)?.outcome === 'equal');
        const passed = await passedTogether(session, fitting);
        for (const candidate of fitting) {
          if (!passed.has(candidate.id)) verdicts.set(candidate.id, await alone(session, candidate));
        }
        return verdicts;
      } finally {
        await session.close();
      }
    },
  };
}

/** Exported symbols, ELF machine and needed libraries. A file that cannot be read as a binary at all is left to the loader. */
async function sameInterface(
  reference: Variant,
  candidate: Variant,
  isOtherLevel?: boolean,
): Promise<Verification> {
  for (const [loaded, file] of Object.entries(candidate.binaries)) {
    const original = reference.binaries[loaded];
    if (original === undefined) continue;
    const comparison = await compareElf(original, file, isOtherLevel);
    if (comparison.equal) continue;
    return { outcome: 'incorrect', case: 'exported symbols', path: '', detail: comparison.detail };
  }
  return equal;
}

function compareVariant(
  reference: OutputsResult['variants'][number] | undefined,
  candidate: OutputsResult['variants'][number] | undefined,
  tolerance: Tolerance | undefined,
): Verification {
  if (reference === undefined || candidate === undefined || candidate.loaded.length === 0) {
    const detail = candidate?.loadErrors[0] ?? 'the package ran without loading this build';
    return { outcome: 'not-loaded', detail };
  }
  const difference = compareCases(reference.cases, candidate.cases, tolerance);
  return difference === undefined ? equal : { outcome: 'incorrect', ...difference };
}

function endVerdict(end: Exclude<ChildEnd<unknown>, { kind: 'result' }>, of = ''): Verification {
  const detail = of + describeEnd(end);
  if (end.kind === 'crashed') return { outcome: 'crashed', signal: end.signal, code: end.code, detail };
  if (end.kind === 'timed-out') return { outcome: 'timed-out', detail };
  const { stage, case: name = '' } = end.failure;
  if (stage === 'not-loaded' || stage === 'load') return { outcome: 'not-loaded', detail };
  return { outcome: 'incorrect', case: name, path: '', detail };
}

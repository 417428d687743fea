import { AutoPassError } from '../errors.js';
import { neighbours, roundLayout } from './child/layout.js';
import type { TimeResult } from './child/protocol.js';
import { type ChildEnd, type ChildSession, describeEnd } from './child-session.js';
import type { Turn } from './sequential.js';
import { median, type ProcessSample, pairSlices, processSample } from './statistics.js';
import type { MeasureRequest, Mode, Variant } from './types.js';

/** Takes samples, and learns while doing so whether the addon can be loaded twice. */
export interface Sampler {
  sample(ids: readonly string[], turn: number): Promise<Turn>;
  mode(): Mode;
  sameInputs(): boolean;
}

/** Times of one process that ran one variant: nanoseconds per case. */
type Times = Readonly<Record<string, number>>;
type SoloEnd = { readonly ok: true; readonly times: Times } | { readonly ok: false; readonly detail: string };

const defaultTimeoutMs = 60_000;

/** After this, a process starts no further round; cases with calls of seconds, or a machine that stalls, would take minutes otherwise. */
const processBudgetMs = { screen: 6_000, race: 8_000, confirm: 12_000 } as const;

/**
 * How long each variant is timed in one process, over all cases. Few rounds in more processes beat many rounds in few: what differs between processes
 * (placement, the moment) is most of the error.
 */
const perVariantMs = { screen: 250, race: 400, confirm: 500 } as const;

/** In a process, for cases whose calls are long. */
const leastRounds = { screen: 4, race: 6, confirm: 6 } as const;

/**
 * Short slices: a shared machine takes the core away for some 10 ms at a time. On identical builds the error per process was 0.3 to 0.7 % with slices of
 * 4 ms and 10 to 14 % with slices of 12 ms in the same total time; slices of 1 and 2 ms brought a bias of their own.
 */
const defaultSliceMs = 4;

export function createSampler(request: MeasureRequest, session: ChildSession): Sampler {
  const { bench, baseline, inputs } = request;
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
  const byId = new Map(request.candidates.map((candidate) => [candidate.id, candidate]));
  let mode: Mode = bench.kind === 'command' ? 'process-only' : (request.mode ?? 'in-process');
  let sameInputs =
    bench.kind === 'command' && !bench.command.some((argument) => argument.includes('{inputs}'));
  let calls: TimeResult['calls'] | undefined;

  async function shared(variants: readonly Variant[], turn: number): Promise<ChildEnd<TimeResult>> {
    const end = await session.run<TimeResult>(
      {
        kind: 'time',
        inputs,
        ...(request.cases && { cases: request.cases }),
        sliceMs: request.sliceMs ?? defaultSliceMs,
        ...(request.roundsPerProcess === undefined
          ? { perVariantMs: perVariantMs[request.goal], leastRounds: leastRounds[request.goal] }
          : { rounds: request.roundsPerProcess }),
        budgetMs: processBudgetMs[request.goal],
        turn,
        ...(mode === 'process-only' && calls !== undefined ? { calls } : {}),
      },
      variants,
      timeoutMs * variants.length,
    );
    if (end.kind === 'result') {
      sameInputs = end.value.sameInputs;
      calls ??= end.value.calls;
    }
    return end;
  }

  /** One variant alone in a process. */
  async function solo(variant: Variant, turn: number): Promise<SoloEnd> {
    if (bench.kind === 'command') {
      const end = await session.command(bench.command, inputs, variant, timeoutMs);
      if (end.kind === 'result') return { ok: true, times: { command: end.end.elapsedNs } };
      return { ok: false, detail: describeEnd(end) };
    }
    const end = await shared([variant], turn);
    if (end.kind !== 'result') return { ok: false, detail: describeEnd(end) };
    const times = Object.entries(end.value.rounds).map(([name, rounds]): [string, number] => [
      name,
      median(rounds.flat().map(([, ns]) => ns)) / (end.value.calls[name] ?? 1),
    ]);
    return { ok: true, times: Object.fromEntries(times) };
  }

  async function inProcess(variants: readonly Variant[], turn: number): Promise<Turn> {
    const end = await shared([baseline, ...variants], turn);
    if (end.kind === 'result')
      return { samples: samplesById(pairSlices(end.value.rounds), variants), failed: new Map() };
    request.logger.debug(`process with ${variants.length} candidate(s) failed: ${describeEnd(end)}`);
    if (variants.length > 1) return oneByOne(variants, turn);
    return findCulprit(variants, turn, describeEnd(end));
  }

  async function oneByOne(variants: readonly Variant[], turn: number): Promise<Turn> {
    const samples = new Map<string, ProcessSample>();
    const failed = new Map<string, string>();
    for (const [index, variant] of variants.entries()) {
      const alone = await inProcess([variant], turn);
      for (const [id, sample] of alone.samples) samples.set(id, sample);
      for (const [id, detail] of alone.failed) failed.set(id, detail);
      // Seen once, it holds for all: the rest need not be tried in vain.
      if (mode === 'process-only')
        return merge({ samples, failed }, await processOnly(variants.slice(index + 1), turn));
    }
    return { samples, failed };
  }

  /** A candidate beside the baseline failed: its own fault, the baseline's, or that of loading twice. */
  async function findCulprit(variants: readonly Variant[], turn: number, detail: string): Promise<Turn> {
    const first = await solo(baseline, turn);
    if (!first.ok) throw baselineFailed(first.detail);
    for (const variant of variants) {
      const alone = await solo(variant, turn);
      if (!alone.ok) return { samples: new Map(), failed: new Map([[variant.id, alone.detail]]) };
    }
    request.logger.debug(
      `the addon cannot be loaded twice in one process (${detail}); using one process per variant`,
    );
    mode = 'process-only';
    return processOnly(variants, turn);
  }

  async function processOnly(variants: readonly Variant[], turn: number): Promise<Turn> {
    const samples = new Map<string, ProcessSample>();
    const failed = new Map<string, string>();
    if (variants.length === 0) return { samples, failed };
    const layout = roundLayout(variants.length, turn);
    const times: (Times | undefined)[] = [];
    for (const item of layout) {
      const variant = item === 'baseline' ? baseline : variants[item];
      const end = await solo(variant ?? baseline, turn);
      times.push(end.ok ? end.times : undefined);
      if (end.ok || variant === undefined) continue;
      if (item === 'baseline') throw baselineFailed(end.detail);
      failed.set(variant.id, end.detail);
    }
    for (const [place, beside] of neighbours(layout, (item) => item === 'baseline')) {
      const item = layout[place];
      const id = item === 'baseline' || item === undefined ? undefined : variants[item]?.id;
      const sample = compareTimes(times[beside], times[place]);
      if (id !== undefined && sample !== undefined) samples.set(id, sample);
    }
    return { samples, failed };
  }

  return {
    sample(ids, turn) {
      const variants = ids.flatMap((id) => byId.get(id) ?? []);
      return mode === 'in-process' ? inProcess(variants, turn) : processOnly(variants, turn);
    },
    mode: () => mode,
    sameInputs: () => sameInputs,
  };
}

function samplesById(
  found: ReadonlyMap<number, ProcessSample>,
  variants: readonly Variant[],
): Map<string, ProcessSample> {
  const samples = new Map<string, ProcessSample>();
  for (const [index, variant] of variants.entries()) {
    const sample = found.get(index + 1);
    if (sample !== undefined) samples.set(variant.id, sample);
  }
  return samples;
}

function compareTimes(baseline: Times | undefined, candidate: Times | undefined): ProcessSample | undefined {
  if (baseline === undefined || candidate === undefined) return undefined;
  const cases = Object.entries(baseline).flatMap(([name, ns]): [string, number][] => {
    const other = candidate[name];
    return other === undefined ? [] : [[name, Math.log(ns / other)]];
  });
  return cases.length === 0 ? undefined : processSample(Object.fromEntries(cases));
}

function merge(a: Turn, b: Turn): Turn {
  return { samples: new Map([...a.samples, ...b.samples]), failed: new Map([...a.failed, ...b.failed]) };
}

/** @param detail what the baseline's own run ended with */
export function baselineFailed(detail: string): AutoPassError {
  return new AutoPassError('BASELINE_FAILED', `The baseline could not be measured: ${detail}`, {
    hint: 'Run the bench by hand on the stock build; autopass doctor tells more.',
  });
}

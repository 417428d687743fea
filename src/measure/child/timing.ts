import { at, BenchFailure, type OpenBench } from './bench.js';
import { slotOrder } from './layout.js';
import type { CasePhase, ProfileResult, ProfileSpec, Slice, TimeResult, TimeSpec } from './protocol.js';
import { type BenchCase, calibrate, timeSlice } from './slices.js';

/** Cases of all variants: `cases.get(name)[variant]`. */
type CaseTable = Map<string, BenchCase[]>;

/** Loads all variants, calibrates on the baseline, and times them in turn, in rounds. */
export async function timeVariants(bench: OpenBench, spec: TimeSpec): Promise<TimeResult> {
  const count = spec.variants.length;
  const order = Array.from({ length: count }, (_, place) => (place + spec.turn) % count);
  const started = performance.now();
  const parent = process.ppid;
  const table = wanted(await loadAll(bench, order), spec.cases);
  const loadedAt = performance.now();
  const loadMs = loadedAt - started;
  const calls: Record<string, number> = {};
  let roundMs = 0;
  for (const [name, variants] of table) {
    bench.redirect.use(0);
    const baseline = variants[0];
    if (baseline === undefined) continue;
    const known = spec.calls?.[name];
    const slice =
      known === undefined
        ? await at({ stage: 'case', case: name }, () => calibrate(baseline, spec.sliceMs))
        : { calls: known, ms: spec.sliceMs };
    calls[name] = slice.calls;
    roundMs += slice.ms;
  }

  const planned = spec.rounds ?? roundsFor(spec, roundMs, loadMs / count);
  const least = fewestRounds(spec, roundMs);
  const rounds: Record<string, Slice[][]> = {};
  // Round -1 warms up; long calls have been warmed up by the first one.
  for (let round = -1; round < planned; round++) {
    if (process.ppid !== parent) process.exit(1);
    const elapsed = performance.now() - loadedAt;
    if (elapsed > Math.max(spec.budgetMs, loadMs * loadShare) && round >= least) break;
    // Once per round: a full collection takes tens of milliseconds.
    globalThis.gc?.();
    for (const [name, variants] of table) {
      const perSlice = calls[name] ?? 1;
      if (round < 0 && perSlice === 1) continue;
      const slices: Slice[] = [];
      for (const variant of slotOrder(count, Math.max(0, round) + spec.turn)) {
        const benchCase = variants[variant];
        if (benchCase === undefined) continue;
        bench.redirect.use(variant);
        const ns = await at({ stage: 'case', case: name, variant }, async () => {
          // Another variant ran before: caches and branch predictors have to learn again.
          if (perSlice >= 4) await timeSlice(benchCase, Math.ceil(perSlice / 8));
          return timeSlice(benchCase, perSlice);
        });
        slices.push([variant, ns]);
      }
      if (round < 0) continue;
      rounds[name] ??= [];
      rounds[name].push(slices);
    }
  }
  return { kind: 'time', sameInputs: bench.sameInputs, calls, rounds };
}

function wanted(table: CaseTable, cases: readonly string[] | undefined): CaseTable {
  return cases === undefined ? table : new Map([...table].filter(([name]) => cases.includes(name)));
}

/** A process is timed for at least this part of what loading takes: packages that read dictionaries take seconds for each variant. */
const loadShare = 0.5;

/** With too few rounds a single interrupted slice would count too much. `roundMs`: one slice of every case; `loadMs`: of one variant. */
function roundsFor(
  { perVariantMs = 900, leastRounds = 6 }: TimeSpec,
  roundMs: number,
  loadMs: number,
): number {
  const wantedMs = Math.max(perVariantMs, loadMs * loadShare);
  return Math.min(48, Math.max(leastRounds, Math.round(wantedMs / Math.max(roundMs, 1))));
}

/**
 * Rounds that are taken however late it is, on a machine that takes four times as long: on one that is taken away three quarters of the time, two rounds
 * of short slices were off by a factor of 3 now and then, six by 4 % at most.
 */
function fewestRounds({ budgetMs, variants }: TimeSpec, roundMs: number): number {
  const affordable = Math.floor(budgetMs / (4 * roundMs * variants.length));
  return Math.min(6, Math.max(2, affordable));
}

/** Calls all cases of the one variant in turn, for a profiler that watches. */
export async function loopCases(bench: OpenBench, spec: ProfileSpec): Promise<ProfileResult> {
  const table = await loadAll(bench, [0]);
  const items: { name: string; item: BenchCase; calls: number }[] = [];
  for (const [name, [item]] of table) {
    if (item !== undefined) items.push({ name, item, calls: (await calibrate(item, 10)).calls });
  }
  const phases: CasePhase[] = [];
  const end = performance.now() + spec.durationMs;
  while (performance.now() < end) {
    for (const { name, item, calls } of items) {
      const begin = Number(process.hrtime.bigint());
      await timeSlice(item, calls);
      phases.push({ case: name, begin, end: Number(process.hrtime.bigint()) });
    }
  }
  return { kind: 'profile', phases };
}

/** Loads the variants in this order and calls each case once, which also makes lazy packages load their addon. */
async function loadAll(bench: OpenBench, order: readonly number[]): Promise<CaseTable> {
  const table: CaseTable = new Map();
  for (const variant of order) {
    const cases = await bench.load(variant);
    for (const [name, run] of Object.entries(cases)) {
      const asynchronous = await at({ stage: 'case', case: name, variant }, async () => {
        const first = run();
        await first;
        return isThenable(first);
      });
      const variants = table.get(name) ?? [];
      variants[variant] = { run, asynchronous };
      table.set(name, variants);
    }
    if (bench.redirect.loaded(variant).length === 0) {
      const reasons = bench.redirect.errors(variant);
      const detail = reasons[0] ?? 'the package ran without loading this file';
      throw new BenchFailure({ stage: 'not-loaded', variant, detail });
    }
  }
  return table;
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cacheFolder } from '../../toolchain/cache.js';
import type { Clang } from '../../toolchain/types.js';
import { baselineFailed } from '../sampler.js';
import type { Inputs, MeasureRequest, MeasureResult, Variant, VariantResult } from '../types.js';
import { type CountRequest, countExecutions, type ExecutionCounts } from './count.js';
import { buildCounter } from './counter.js';
import { type CycleEstimate, estimateCycles } from './cycles.js';
import type { BlockWeights } from './weigh.js';

/** `node` starts Node under an emulator: see `CountRequest`. */
export type EstimateRequest = MeasureRequest & Pick<CountRequest, 'node'>;

/** Stands in for measuring where there is no machine of the kind that the addon is for. */
export interface Estimator {
  /**
   * Compares by estimated cycles: one call of each case, counted exactly under the emulator, every executed block weighed by llvm-mca.
   * The same request gives the same answer; goal, seed and numbers of processes change nothing. `faster` means a ratio above 1.005,
   * `slower` one below 0.995. The result says that it is an estimate.
   * @throws AutoPassError BASELINE_FAILED, NO_EMULATOR, NO_PLUGINS, ESTIMATE_NEEDS_MODULE, NO_LLVM_MCA; the reason of `signal` when aborted
   */
  estimateVariants(request: EstimateRequest): Promise<MeasureResult>;
  /**
   * What the cases execute in one variant, to score by.
   * @throws AutoPassError as above
   */
  countVariant(request: Omit<CountRequest, 'counter'>, variant: Variant): Promise<ExecutionCounts>;
}

/** More variants in one process than this, and loading fails on some systems (static TLS). */
const variantsPerProcess = 6;
const visibleDifference = 0.005;
/** Below this share of weighed instructions the estimate says little. */
const enoughWeighed = 0.9;

interface Counted {
  readonly counts: ExecutionCounts;
  readonly sameInputs: boolean;
}
type CountedEnd = Counted | { readonly failed: string };

/**
 * Builds the counting plugin where that has not been done on this machine. What was counted and weighed is kept in memory, by the content of
 * the variants' files.
 * @param options the processor that estimates are for: triple and name as LLVM knows them
 * @throws AutoPassError `NO_COMPILER`, `NO_COUNTER`
 */
export async function createEstimator(options: {
  readonly clang: Clang;
  readonly triple: string;
  readonly cpu: string;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<Estimator> {
  const { clang, triple, cpu } = options;
  const counter = await buildCounter({ cacheFolder: cacheFolder(options.env ?? process.env) });
  const weights: BlockWeights = new Map();
  const known = new Map<string, Counted>();

  /** Counts what is not known yet, together first, one by one where that fails. */
  async function countAll(
    request: Omit<CountRequest, 'counter'> & Pick<MeasureRequest, 'mode'>,
    variants: readonly Variant[],
    onProcess: () => void,
  ): Promise<CountedEnd[]> {
    const ends = new Map<string, CountedEnd>();
    const keys = await Promise.all(variants.map((variant) => keyOf(request, variant)));
    const open = new Map<string, Variant>();
    for (const [index, variant] of variants.entries()) {
      const key = keys[index] ?? '';
      const counted = known.get(key);
      if (counted === undefined) open.set(key, variant);
      else ends.set(key, counted);
    }
    const count = async (part: readonly (readonly [string, Variant])[]): Promise<void> => {
      onProcess();
      const end = await countExecutions(
        { ...request, counter },
        part.map(([, variant]) => variant),
      );
      if (end.kind === 'failed' && part.length > 1) {
        for (const entry of part) await count([entry]);
        return;
      }
      for (const [index, [key]] of part.entries()) {
        if (end.kind === 'failed') ends.set(key, { failed: end.detail });
        else {
          const counted = { counts: end.variants[index] ?? {}, sameInputs: end.sameInputs };
          known.set(key, counted);
          ends.set(key, counted);
        }
      }
    };
    const size = request.mode === 'process-only' ? 1 : variantsPerProcess;
    const entries = [...open];
    for (let start = 0; start < entries.length; start += size)
      await count(entries.slice(start, start + size));
    return keys.map((key) => ends.get(key) ?? { failed: 'nothing was counted' });
  }

  return {
    async countVariant(request, variant) {
      const [end] = await countAll(request, [variant], () => {});
      if (end === undefined || 'failed' in end) throw baselineFailed(end?.failed ?? 'nothing was counted');
      return end.counts;
    },
    async estimateVariants(request) {
      const started = performance.now();
      let processes = 0;
      const variants = [request.baseline, ...request.candidates];
      const ends = await countAll(request, variants, () => processes++);
      const weigh = { clang, triple, cpu, ...(request.signal && { signal: request.signal }) };
      const estimates: (CycleEstimate | { failed: string })[] = [];
      for (const end of ends)
        estimates.push('failed' in end ? end : await estimateCycles(end.counts, weigh, weights));
      const [baseline, ...candidates] = estimates;
      if (baseline === undefined || 'failed' in baseline)
        throw baselineFailed(baseline?.failed ?? 'nothing was counted');
      if (Object.values(baseline.cases).every((cycles) => cycles === 0))
        throw baselineFailed('no case of the bench executes anything in the addon');
      const warnings = [
        `speed is estimated: instructions executed under an emulator, weighed for ${cpu}; only its own processor can tell`,
      ];
      if (baseline.weighed < enoughWeighed) {
        const share = Math.round(baseline.weighed * 100);
        warnings.push(`llvm-mca knows only ${share} % of the executed instructions for ${cpu}`);
      }
      return {
        estimate: true,
        results: request.candidates.map(({ id }, index) => compare(id, baseline, candidates[index])),
        processes,
        elapsedMs: performance.now() - started,
        mode: request.mode ?? 'in-process',
        sameInputs: ends.some((end) => 'sameInputs' in end && end.sameInputs),
        warnings,
      };
    },
  };
}

function compare(
  id: string,
  baseline: CycleEstimate,
  candidate: CycleEstimate | { failed: string } | undefined,
): VariantResult {
  if (candidate === undefined || 'failed' in candidate) {
    const detail = candidate?.failed ?? 'nothing was counted';
    return { id, outcome: 'failed', ratio: 0, ci: [0, 0], processes: 0, samples: [], cases: {}, detail };
  }
  const cases = Object.entries(baseline.cases).flatMap(([name, cycles]): [string, { ratio: number }][] => {
    const other = candidate.cases[name] ?? 0;
    return cycles > 0 && other > 0 ? [[name, { ratio: cycles / other }]] : [];
  });
  const logRatio = cases.reduce((sum, [, { ratio }]) => sum + Math.log(ratio), 0) / cases.length;
  const ratio = Math.exp(logRatio);
  return {
    id,
    outcome: verdict(ratio),
    ratio,
    ci: [ratio, ratio],
    processes: 1,
    samples: [logRatio],
    cases: Object.fromEntries(cases),
  };
}

function verdict(ratio: number): 'faster' | 'slower' | 'within-noise' {
  if (ratio > 1 + visibleDifference) return 'faster';
  return ratio < 1 - visibleDifference ? 'slower' : 'within-noise';
}

/** Of what decides the counts. */
async function keyOf(
  { packageRoot, bench, entry, node, inputs }: Omit<CountRequest, 'counter'> & { inputs: Inputs },
  { binaries }: Variant,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([packageRoot, bench, entry, node, inputs]));
  for (const [loaded, file] of Object.entries(binaries)) {
    hash.update(`\0${loaded}\0`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    );
  }
  return hash.digest('hex');
}

import { cacheFolder } from '../../toolchain/cache.js';
import type { Clang } from '../../toolchain/types.js';
import { baselineFailed } from '../sampler.js';
import type { MeasureRequest, MeasureResult, Variant } from '../types.js';
import { compareEstimates, type EstimateEnd } from './compare-estimates.js';
import type { CountRequest, ExecutionCounts } from './count.js';
import { type CountedTarget, createCountCache, type VariantCounts } from './count-cache.js';
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
   * `slower` one below 0.995. Only what runs inside the addon's own files is seen: not the C library, and not memory that is slow.
   * @throws AutoPassError BASELINE_FAILED, NO_EMULATOR, NO_PLUGINS, ESTIMATE_NEEDS_MODULE, NO_LLVM_MCA; the reason of `signal` when aborted
   */
  estimateVariants(request: EstimateRequest): Promise<MeasureResult>;
  /**
   * What the cases execute in one variant, to score by.
   * @throws AutoPassError as above
   */
  countVariant(target: CountedTarget, variant: Variant): Promise<ExecutionCounts>;
}

/** Below this share of weighed instructions the estimate says little. */
const enoughWeighed = 0.9;

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
  const cache = createCountCache(
    await buildCounter({ cacheFolder: cacheFolder(options.env ?? process.env) }),
  );
  const weights: BlockWeights = new Map();
  const known = new Map<string, CycleEstimate>();

  async function estimate(counted: VariantCounts, signal: AbortSignal | undefined): Promise<EstimateEnd> {
    if ('failed' in counted) return counted;
    const weigh = { clang, triple, cpu, ...(signal && { signal }) };
    const found = known.get(counted.key) ?? (await estimateCycles(counted.counts, weigh, weights));
    known.set(counted.key, found);
    return found;
  }

  return {
    async countVariant(target, variant) {
      const [counted] = await cache.count(target, [variant]);
      if (counted === undefined || 'failed' in counted) throw baselineFailed(counted?.failed ?? '');
      return counted.counts;
    },
    async estimateVariants(request) {
      const started = performance.now();
      const before = cache.processes();
      const counted = await cache.count(request, [request.baseline, ...request.candidates]);
      const ends: EstimateEnd[] = [];
      for (const entry of counted) ends.push(await estimate(entry, request.signal));
      const [baseline, ...candidates] = ends;
      if (baseline === undefined || 'failed' in baseline) throw baselineFailed(baseline?.failed ?? '');
      if (Object.values(baseline.cases).every((cycles) => cycles === 0))
        throw baselineFailed('no case of the bench executes anything in the addon');
      return {
        estimate: true,
        results: request.candidates.map(({ id }, index) => compareEstimates(id, baseline, candidates[index])),
        processes: cache.processes() - before,
        elapsedMs: performance.now() - started,
        mode: request.mode ?? 'in-process',
        sameInputs: counted.some((entry) => 'sameInputs' in entry && entry.sameInputs),
        warnings: estimateWarnings(cpu, baseline.weighed),
      };
    },
  };
}

function estimateWarnings(cpu: string, weighed: number): string[] {
  const warnings = [
    `speed is an estimate for ${cpu}: instructions executed under an emulator, weighed by a model of the processor`,
  ];
  if (weighed < enoughWeighed)
    warnings.push(
      `llvm-mca knows only ${Math.round(weighed * 100)} % of the executed instructions for ${cpu}`,
    );
  return warnings;
}

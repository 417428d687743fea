import { realpathSync } from 'node:fs';
import { openSession } from './child-session.js';
import { createSampler } from './sampler.js';
import { rulesFor, runSequential } from './sequential.js';
import type { BenchTarget, MeasureRequest, MeasureResult, VariantResult } from './types.js';

/** More variants in one process and their slices no longer see the same machine; loading fails on some systems, too (static TLS). */
const candidatesPerProcess = 6;

/**
 * Measures candidates against a baseline. Every process loads the baseline and up to six candidates, each from fresh copies of its files, and times them in
 * turn in short slices; where the addon cannot be loaded twice, every process runs one variant and neighbouring processes are paired. Processes are
 * added until each candidate is decided for the goal. `faster` means that the whole 95 % interval lies above `1 + noiseFloor`, `slower` that it
 * lies below `1 / (1 + noiseFloor)`; a candidate that crashes, hangs or is not loaded has `failed`.
 * @throws AutoPassError BASELINE_FAILED when the baseline itself does not run; the reason of `signal` when aborted.
 */
export async function measureVariants(request: MeasureRequest): Promise<MeasureResult> {
  const started = performance.now();
  const target = { ...request, packageRoot: realpathSync(request.packageRoot) };
  const session = await openSession(target, { pin: true, seed: request.seed });
  try {
    const sampler = createSampler(target, session);
    const rules = rulesFor(request.goal, request);
    const results: VariantResult[] = [];
    const isLate = () => performance.now() - started > (request.maxMs ?? Number.POSITIVE_INFINITY);
    for (const ids of batches(request.candidates.map(({ id }) => id))) {
      const parallel = request.device?.parallel ?? 1;
      const { contest } = request;
      results.push(
        ...(await runSequential({ ids, rules, isLate, contest, sample: sampler.sample, parallel })),
      );
    }
    return {
      results,
      processes: session.count(),
      elapsedMs: performance.now() - started,
      mode: sampler.mode(),
      sameInputs: sampler.sameInputs(),
      warnings: [...session.warnings, ...modeWarnings(request.bench, sampler.mode())],
    };
  } finally {
    await session.close();
  }
}

function modeWarnings(bench: BenchTarget['bench'], mode: string): string[] {
  if (bench.kind === 'command' || mode === 'in-process') return [];
  return [
    'the addon cannot be loaded twice in one process: variants are compared over processes, with wider intervals',
  ];
}

/** Batches of nearly equal size. */
function batches(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / candidatesPerProcess);
  const size = Math.ceil(ids.length / count);
  return Array.from({ length: count }, (_, index) => ids.slice(index * size, (index + 1) * size));
}

import { realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tunedBaseArgs } from '../build/plan-file.js';
import { runPerf } from '../evidence/perf.js';
import type { PerfEvent } from '../evidence/perf-script.js';
import { profileOfSamples } from '../evidence/profile-of-samples.js';
import { isaArgs } from '../levers/isa-level.js';
import { profileCommand } from '../measure/profile.js';
import { which } from '../toolchain/find-clang.js';
import { linkAddon } from './link.js';
import type { Training, TrainRequest } from './train.js';
import { compileForTraining, keepProfile } from './training-files.js';

const samplingMs = 4_000;

/**
 * A profile from where a timer saw the bench, on the inputs for tuning, in code with line tables. It needs no counters in the
 * code, and is rougher than counts are. Without perf there is none, and nothing is said.
 */
export async function trainSampled(request: TrainRequest): Promise<Training> {
  const { clang, signal } = request;
  const symbolizer = clang.tools['llvm-symbolizer'];
  if ((await which('perf')) === undefined) return { profiles: [] };
  if (symbolizer === undefined) return without(`llvm-symbolizer of LLVM ${clang.major} was not found`);
  const folder = path.join(request.workDir, 'sampling');
  try {
    const binaries = await linkAddon(request.record, request.binaries, {
      replacements: await compileForTraining(request, clang, folder, () => [
        ...tunedBaseArgs,
        ...isaArgs(request.level),
        '-gline-tables-only',
        '-fdebug-info-for-profiling',
      ]),
      into: path.join(folder, 'addon'),
    });
    const events = await sample(request, folder, binaries);
    if (events === undefined) return { profiles: [] };
    const files = await Promise.all(Object.values(binaries).map((binary) => realpath(binary)));
    const sampled = await profileOfSamples({ files, events, clang, symbolizer, ...(signal && { signal }) });
    if (!sampled.ok) return without(sampled.reason);
    const file = path.join(folder, 'sampled.profdata');
    await writeFile(file, sampled.text);
    return { profiles: [{ 'pgo-sample': await keepProfile('pgo-sample', file, request.profiles) }] };
  } catch (error) {
    signal?.throwIfAborted();
    return without(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function without(reason: string): Training {
  return { profiles: [], problem: `no sampled profile: ${reason}` };
}

async function sample(
  request: TrainRequest,
  folder: string,
  binaries: Readonly<Record<string, string>>,
): Promise<readonly PerfEvent[] | undefined> {
  const command = await profileCommand({
    ...request,
    inputs: 'tune',
    variant: { id: 'sampling', binaries },
    durationMs: samplingMs,
    workDir: folder,
  });
  const run = await runPerf(command, folder, request.signal);
  return run.kind === 'recorded' ? run.events : undefined;
}

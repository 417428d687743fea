import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/load.js';
import { isaLevelOf } from '../../levers/isa-level.js';
import type { Logger } from '../../log.js';
import type { Variant } from '../../measure/types.js';
import { findHotUnits } from '../../tune/hot-units.js';
import { type Preparation, prepare } from '../../tune/prepare.js';
import { placeboEffect, widened } from '../../tune/ratios.js';
import { type SessionTools, sessionTools } from '../../tune/session-tools.js';
import { train } from '../../tune/train.js';
import type { Trials } from '../../tune/trials.js';
import { isPolicy, type Method } from './methods.js';
import { type PlainRequest, plainBuild } from './plain-builds.js';
import type { FinalRecord, Speedup } from './results.js';

export interface FinalRequest {
  /** Of the copy of the addon that no session uses. */
  readonly config: Config;
  readonly methods: readonly Method[];
  /** The package in which a policy's session left its build. */
  readonly sessionRoot: (method: Method) => string;
  readonly minutes: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const processes = { minProcesses: 8, maxProcesses: 16 };

/**
 * Measures every method's final build against plain -O3 on `check` inputs, in one run with a placebo beside them. What
 * cannot be built, or gives other outputs than the stock build, has no speedup but a reason.
 */
export async function judgeFinals(request: FinalRequest): Promise<FinalRecord> {
  const workDir = path.join(request.config.packageRoot, '.autopass', 'work');
  await rm(workDir, { recursive: true, force: true });
  try {
    return await judgeNow(request, workDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

async function judgeNow(request: FinalRequest, workDir: string): Promise<FinalRecord> {
  const { config, logger, signal, minutes } = request;
  const prep = await prepare(config, { workDir, logger, signal });
  const profiles = path.join(workDir, 'profiles');
  const tools = sessionTools(config, prep, { workDir, profiles, logger, signal });
  const { trials } = tools;
  const plain = await plainRequest(request, prep, tools, { workDir, profiles });
  const missing: Record<string, string> = {};
  const variants = await buildAll(request, prep, plain, missing);
  const correct = await onlyCorrect(trials, variants, missing);
  const { workspace, baseline } = plain;
  const { results } = await trials.measure({
    baseline: await workspace.variant('o3', baseline),
    candidates: [...correct, await workspace.variant('placebo', baseline, trials.nextSeed())],
    goal: 'confirm',
    inputs: 'check',
    ...processes,
    maxMs: minutes * 60_000,
  });
  signal.throwIfAborted();
  const noiseFloor = placeboEffect(results.find(({ id }) => id === 'placebo'));
  const speedups: Record<string, Speedup> = {};
  for (const { id, outcome, ratio, ci, detail } of results) {
    if (outcome === 'failed') missing[id] = detail ?? 'failed';
    else if (id !== 'placebo') speedups[id] = widened({ ratio, ci }, noiseFloor);
  }
  return {
    speedups,
    missing,
    noiseFloor,
    processes: trials.processes,
    compiler: `clang ${prep.clang.version}`,
    at: new Date().toISOString(),
  };
}

async function plainRequest(
  request: FinalRequest,
  prep: Preparation,
  { workspace, trials }: SessionTools,
  { workDir, profiles }: { workDir: string; profiles: string },
): Promise<PlainRequest> {
  const { config, logger, signal } = request;
  const hot = await findHotUnits({ config, prep, workspace, trials }, { workDir, logger, signal });
  const { baseline } = hot;
  const commands = hot.units.map(({ command }) => command);
  let training: ReturnType<typeof train> | undefined;
  const startTraining = (): ReturnType<typeof train> =>
    train({
      ...prep.bench,
      record: prep.record,
      binaries: prep.binaries,
      clang: prep.clang,
      commands,
      level: isaLevelOf(prep.target),
      profiles,
    });
  return {
    prep,
    workspace,
    baseline,
    commands,
    training: () => {
      training ??= startTraining();
      return training;
    },
  };
}

async function buildAll(
  { methods, sessionRoot, config, signal }: FinalRequest,
  prep: Preparation,
  plain: PlainRequest,
  missing: Record<string, string>,
): Promise<Variant[]> {
  const variants: Variant[] = [];
  for (const method of methods) {
    try {
      variants.push(
        isPolicy(method)
          ? await sessionBuild(method, sessionRoot(method), config.packageRoot, prep)
          : await plainBuild(method, plain),
      );
    } catch (error) {
      signal.throwIfAborted();
      missing[method] = error instanceof Error ? error.message : String(error);
    }
  }
  return variants;
}

/** What the session left in its copy of the package, to be loaded in place of this package's own files. */
async function sessionBuild(
  id: string,
  root: string,
  packageRoot: string,
  prep: Preparation,
): Promise<Variant> {
  const binaries: Record<string, string> = {};
  for (const { loaded } of prep.binaries) {
    const file = path.join(root, path.relative(packageRoot, loaded));
    if (!(await stat(file).catch(() => undefined))) throw new Error(`${file} is not there`);
    binaries[loaded] = file;
  }
  return { id, binaries };
}

async function onlyCorrect(
  trials: Trials,
  variants: readonly Variant[],
  missing: Record<string, string>,
): Promise<Variant[]> {
  const verdicts = await trials.verify(variants);
  return variants.filter(({ id }, index) => {
    const outcome = verdicts[index]?.outcome ?? 'not verified';
    if (outcome !== 'equal') missing[id] = outcome;
    return outcome === 'equal';
  });
}

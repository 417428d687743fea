import os from 'node:os';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import { gatherEvidence } from '../evidence/gather.js';
import {
  openBinary,
  type Score,
  type ScoredUnit,
  type ScoreRequest,
  scoreBySize,
  scoreTranslationUnits,
} from '../evidence/score.js';
import { isaArgs } from '../levers/isa-level.js';
import type { Logger } from '../log.js';
import { scoreByCounts } from '../measure/estimate/score.js';
import { profileCommand } from '../measure/profile.js';
import type { Variant } from '../measure/types.js';
import { detectHost, type HostTarget } from '../target/host.js';
import { mapPool } from './pool.js';
import type { Preparation } from './prepare.js';
import type { TunedUnit } from './units.js';
import type { Assembly, Workspace } from './workspace.js';

/** Units below this share of the addon's time are not worth a trial. */
const leastShare = 0.03;
const mostUnits = 6;
const profileMs = 4_000;

interface ScoreOptions {
  readonly workDir: string;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/** Where the time of the stock build goes. */
export async function scoreStock(config: Config, prep: Preparation, options: ScoreOptions): Promise<Score> {
  const { record, binaries, stock, emulated } = prep;
  if (emulated !== undefined) {
    const { device: _device, ...bench } = prep.bench;
    const request = { ...bench, node: emulated.node, inputs: 'tune' } as const;
    const counts = await emulated.estimator.countVariant(request, stock);
    return scoreByCounts({ record, binaries, counts });
  }
  if (!isRunnable(prep.host, detectHost())) {
    const opened = await Promise.all(binaries.map((binary) => openBinary({ record }, binary)));
    return scoreBySize(opened, 'nothing is sampled on another machine');
  }
  return sampled(config, prep, { variant: stock, binaries }, options);
}

/** Samples a process that runs the bench with one variant of the addon, on this machine. */
async function sampled(
  config: Config,
  { bench, record, clang }: Preparation,
  { variant, ...built }: Pick<ScoreRequest, 'binaries' | 'objects'> & { readonly variant: Variant },
  { workDir, logger, signal }: ScoreOptions,
): Promise<Score> {
  const { device: _device, ...here } = bench;
  const profile = await profileCommand({ ...here, inputs: 'tune', variant, durationMs: profileMs });
  const request = { packageRoot: config.packageRoot, record, ...built, profile, workDir, clang, logger };
  return scoreTranslationUnits({ ...request, ...(signal && { signal }) });
}

export interface RescoreRequest {
  readonly config: Config;
  readonly prep: Preparation;
  /** Of the stock build. */
  readonly score: Score;
  readonly baseline: Assembly;
  readonly workspace: Workspace;
}

/**
 * The hot units with the time of their functions as clang compiles them: the stock compiler inlined others, and functions
 * that it had no code for are what the evidence would miss. Where that cannot be sampled they stay as they are.
 */
export async function rescored(
  hot: readonly ScoredUnit[],
  { config, prep, score, baseline, workspace }: RescoreRequest,
  options: ScoreOptions,
): Promise<ScoredUnit[]> {
  const units = hot.filter(({ command }) => baseline.has(command.output));
  if (score.source !== 'perf') return units;
  const variant = await workspace.variant('o3', baseline);
  const binaries = prep.binaries.map((binary) => {
    const file = variant.binaries[binary.loaded] ?? binary.loaded;
    return { ...binary, loaded: file, link: { ...binary.link, output: file } };
  });
  const objects = new Map([...baseline].map(([output, { path }]) => [output, path]));
  const again = await sampled(config, prep, { variant, binaries, objects }, options);
  if (again.source !== 'perf') return units;
  return units
    .map((unit) => again.units.find(({ command }) => command === unit.command) ?? unit)
    .sort((a, b) => b.share - a.share);
}

/** Whether code for the least machine of a kind runs on another. */
function isRunnable({ os, libc, arch, levels }: HostTarget, machine: HostTarget): boolean {
  const isSameKind = os === machine.os && libc === machine.libc && arch === machine.arch;
  return isSameKind && machine.levels.includes(levels[0] ?? '');
}

/** The few units worth trials, hottest first. */
export function hotUnits(prep: Preparation, score: Score): ScoredUnit[] {
  const hot = score.units.filter(
    ({ command, share }) => prep.tunable.includes(command) && share >= leastShare,
  );
  if (hot.length > 0) return hot.slice(0, mostUnits);
  throw new AutoPassError(
    'NOTHING_HOT',
    'No translation unit of the addon takes a share of the bench worth tuning.',
    {
      hint: `Let the bench call what the addon itself computes. ${score.warnings.join(' ')}`,
    },
  );
}

/** The hot units with their evidence under plain -O3. */
export function gatherUnits(
  prep: Preparation,
  hot: readonly ScoredUnit[],
  baseline: Assembly,
  options: { workDir: string; level: string; signal: AbortSignal | undefined },
): Promise<TunedUnit[]> {
  return mapPool(
    hot,
    os.availableParallelism(),
    async ({ command, share, hot: functions }): Promise<TunedUnit> => {
      const { workDir, level, signal } = options;
      const flags = isaArgs(level);
      const request = { command, clang: prep.clang, flags, hot: functions, share, loops: true, workDir };
      const evidence = await gatherEvidence({ ...request, ...(signal && { signal }) });
      const object = baseline.get(command.output);
      if (object === undefined) throw new Error(`no baseline object of ${command.file}`);
      const isAmbiguous = prep.record.compiles.filter(({ file }) => file === command.file).length > 1;
      return {
        key: isAmbiguous ? `${command.file} (${command.object})` : command.file,
        isAmbiguous,
        command,
        share,
        evidence,
        baseline: object,
        incumbent: { configuration: {}, object, speedup: 1 },
      };
    },
  );
}

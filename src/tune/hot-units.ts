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
import type { Run } from '../toolchain/run.js';
import { compileBaseline } from './baseline.js';
import { casesIn } from './on-cases.js';
import { mapPool } from './pool.js';
import type { Preparation } from './prepare.js';
import { keyOf } from './result.js';
import { sharesOf } from './seen-trials.js';
import type { SessionTools } from './session-tools.js';
import type { TunedUnit } from './units.js';
import type { Assembly, CompiledObject } from './workspace.js';

/** Units below this share of the addon's time are not worth a trial. */
const leastShare = 0.03;
const mostUnits = 6;
/** Where the time is spread, more units are taken until they hold this much of it. */
const wantedShare = 0.8;
const mostOfSpread = 10;
/** Units that the bench runs apart from all others are tried beside them, at no trials of their own. */
const mostApart = 12;
/** Part of the addon's samples that is enough to know where its time goes. */
const enoughMatched = 0.5;
const profileMs = 4_000;

interface ScoreOptions {
  readonly workDir: string;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

/** Where the time of the stock build goes. */
async function scoreStock(config: Config, prep: Preparation, options: ScoreOptions): Promise<Score> {
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

/** The units worth trials, and what they are compared with. */
export interface HotUnits {
  readonly score: Score;
  /** Hottest first, with the time of their functions as clang compiles them, where that can be sampled. */
  readonly units: readonly ScoredUnit[];
  /** The hot units at plain clang -O3. */
  readonly baseline: ReadonlyMap<string, CompiledObject>;
}

export interface ScoreContext extends Pick<SessionTools, 'workspace' | 'trials'> {
  readonly config: Config;
  readonly prep: Preparation;
}

/**
 * Finds the hot units and compiles them with plain clang -O3.
 * @throws AutoPassError `NOTHING_HOT`, and what {@link compileBaseline} throws
 */
export async function findHotUnits(context: ScoreContext, options: ScoreOptions): Promise<HotUnits> {
  const { config, prep, workspace, trials } = context;
  const { logger } = options;
  const stock = await scoreStock(config, prep, options);
  const score = (await betterScore(stock, context, options)) ?? stock;
  const hot = worthTrials(prep, score);
  const commands = hot.map(({ command }) => command);
  const baseline = await compileBaseline(commands, { workspace, trials, logger });
  const compiled = hot.filter(({ command }) => baseline.has(command.output));
  if (score !== stock || score.source !== 'perf') return { score, units: compiled, baseline };
  return { score, units: rescored(compiled, await scoreVariant(context, baseline, options)), baseline };
}

/**
 * Where most samples of the stock build could not be matched to its sources (link-time optimisation, no symbols): the score of clang's build of all units, if
 * that matches more.
 */
async function betterScore(
  stock: Score,
  context: ScoreContext,
  options: ScoreOptions,
): Promise<Score | undefined> {
  const { prep, workspace, trials } = context;
  const { logger } = options;
  if (!stock.addonShare || (stock.matched ?? 1) > enoughMatched || prep.tunable.length === 0)
    return undefined;
  try {
    const all = await compileBaseline(prep.tunable, { workspace, trials, logger });
    const score = await scoreVariant(context, all, options);
    return (score.matched ?? 0) > (stock.matched ?? 0) ? score : undefined;
  } catch (error) {
    if (!(error instanceof AutoPassError)) throw error;
    logger.debug(`clang's build of all files cannot be sampled: ${error.message}`);
    return undefined;
  }
}

/** Samples the addon with these objects, on this machine. */
async function scoreVariant(
  { config, prep, workspace }: ScoreContext,
  assembly: Assembly,
  options: ScoreOptions,
): Promise<Score> {
  const variant = await workspace.variant('o3', assembly);
  const binaries = prep.binaries.map((binary) => {
    const file = variant.binaries[binary.loaded] ?? binary.loaded;
    return { ...binary, loaded: file, link: { ...binary.link, output: file } };
  });
  const objects = new Map([...assembly].map(([output, { path }]) => [output, path]));
  return sampled(config, prep, { variant, binaries, objects }, options);
}

/**
 * The hot units with the time of their functions as clang compiles them: the stock compiler inlined others, and functions
 * that it had no code for are what the evidence would miss.
 */
function rescored(units: readonly ScoredUnit[], again: Score): readonly ScoredUnit[] {
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
function worthTrials(prep: Preparation, score: Score): ScoredUnit[] {
  const hot = score.units.filter(
    ({ command, share }) => prep.tunable.includes(command) && share >= leastShare,
  );
  if (hot.length > 0) return hottest(hot);
  const barred = prep.record.compiles.filter((command) => !prep.tunable.includes(command)).slice(0, 3);
  const reasons = barred.map(
    ({ file, untunable }) => `${file} cannot be tuned: ${untunable ?? 'another machine'}.`,
  );
  throw new AutoPassError(
    'NOTHING_HOT',
    'No translation unit of the addon takes a share of the bench worth tuning.',
    {
      hint: ['Let the bench call what the addon itself computes.', ...reasons, ...score.warnings].join(' '),
    },
  );
}

/**
 * The hottest units, and of the others those that the bench runs apart from all of them.
 * @param hot hottest first
 */
export function hottest(hot: readonly ScoredUnit[]): ScoredUnit[] {
  let covered = 0;
  const taken = new Set<string>();
  return hot.slice(0, mostApart).filter(({ share, hot: functions }, index) => {
    const shares = sharesOf(functions);
    const own = casesIn(shares)?.names;
    const isApart = own?.every((name) => !taken.has(name)) ?? false;
    const isWanted = index < mostUnits || (index < mostOfSpread && covered < wantedShare) || isApart;
    covered += share;
    for (const name of own ?? Object.keys(shares)) if (isWanted) taken.add(name);
    return isWanted;
  });
}

/** The hot units with their evidence under plain -O3. */
export function gatherUnits(
  prep: Preparation,
  { units, baseline }: Pick<HotUnits, 'units' | 'baseline'>,
  options: { workDir: string; level: string; run?: Run; signal: AbortSignal | undefined },
): Promise<TunedUnit[]> {
  return mapPool(
    units,
    os.availableParallelism(),
    async ({ command, share, hot: functions }): Promise<TunedUnit> => {
      const { workDir, level, run, signal } = options;
      const flags = isaArgs(level);
      const evidence = await gatherEvidence({
        command,
        clang: prep.clang,
        flags,
        hot: functions,
        share,
        loops: true,
        branchedSelects: level.startsWith('x86-64'),
        workDir,
        ...(run && { run }),
        ...(signal && { signal }),
      });
      const object = baseline.get(command.output);
      if (object === undefined) throw new Error(`no baseline object of ${command.file}`);
      const isAmbiguous = prep.record.compiles.filter(({ file }) => file === command.file).length > 1;
      return {
        key: keyOf({ file: command.file, ...(isAmbiguous && { object: command.object }) }),
        isAmbiguous,
        command,
        share,
        evidence,
        baseline: object,
        rivals: new Map(),
        incumbent: { configuration: {}, object, speedup: 1 },
      };
    },
  );
}

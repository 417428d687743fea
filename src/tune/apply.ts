import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import { isForGcc } from '../levers/gcc.js';
import type { Configuration } from '../levers/types.js';
import { removeEntry, upsertEntry } from '../lock/edit.js';
import { readLock } from '../lock/read.js';
import { sourceHash } from '../lock/source-hash.js';
import type { Lock, LockEntry } from '../lock/types.js';
import { writeLock } from '../lock/write.js';
import type { Logger } from '../log.js';
import type { PolicyReport } from '../policy/types.js';
import { baselineTarget } from '../target/host.js';
import { buildPackage } from './build-package.js';
import { localHeaders } from './headers.js';
import type { JudgedUnit, Judgement } from './judge.js';
import { lockMeasurement } from './lock-measurement.js';
import { testFailure } from './package-tests.js';
import type { Preparation } from './prepare.js';
import { installProfiles, pruneProfiles } from './profiles.js';
import { even } from './ratios.js';
import type { Trials } from './trials.js';
import type { TunedUnit } from './units.js';
import { hashOfObject } from './workspace.js';

export interface ApplyContext {
  readonly config: Config;
  readonly prep: Preparation;
  readonly units: readonly TunedUnit[];
  readonly judgement: Judgement;
  readonly trials: Trials;
  /** What a model did for the result, where one was asked. */
  readonly agents: PolicyReport | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal | undefined;
}

export const lockName = 'autopass.lock';

/**
 * Writes the lock, builds the package with it, compares the objects with the tuned ones and runs the package's own
 * tests on the result. When the tests fail the lock, and the profiles beside it, are put back as they were.
 * @throws AutoPassError `TESTS_FAILED`, `LOCK_UNREADABLE`
 */
export async function applyJudgement(context: ApplyContext): Promise<{ warnings: readonly string[] }> {
  const { config, judgement, logger, signal, prep } = context;
  const build = { config, mode: 'apply', logger, env: prep.env } as const;
  const file = path.join(config.packageRoot, lockName);
  const before = await currentLock(file, config.allow);
  // Above the baseline the lack of an entry leaves the file to the entry of a lower level.
  const isBaseline = context.prep.target === baselineTarget(context.prep.host);
  const entries = await Promise.all([
    ...judgement.kept.map((kept) => entryOf(context, kept)),
    ...(isBaseline ? [...judgement.dropped.keys()].map((unit) => stockEntryOf(context, unit)) : []),
  ]);
  let lock = withoutStale(before, context);
  for (const entry of entries) lock = upsertEntry(lock, entry);
  const putBack = async (): Promise<void> => {
    if (before.entries.length === 0) await rm(file, { force: true });
    else await writeLock(file, before);
    await pruneProfiles(config.packageRoot, before);
  };
  try {
    await installProfiles(config.packageRoot, lock);
    await writeLock(file, lock);
    await buildPackage({ ...build, ...(signal && { signal }) });
    const warnings = await compareObjects(context, entries);
    if (config.test !== undefined && !prep.isLocal)
      warnings.push(`${config.test.join(' ')} was not run on the tuned build: it is for another machine`);
    await runTests(context);
    await pruneProfiles(config.packageRoot, lock);
    return { warnings };
  } catch (error) {
    await putBack();
    if (signal?.aborted !== true) await buildPackage(build).catch(() => undefined);
    throw error;
  }
}

async function currentLock(file: string, allow: readonly string[]): Promise<Lock> {
  const reading = await readLock(file, { allow });
  if (reading.kind === 'missing') return { version: 1, entries: [] };
  if (reading.kind === 'ok') return reading.lock;
  throw new AutoPassError('LOCK_UNREADABLE', `${reading.problem.where}: ${reading.problem.reason}`, {
    hint: reading.hint,
  });
}

/** Entries of this target for files that the session looked at are replaced; other targets stay. */
function withoutStale(lock: Lock, { units, prep: { target } }: ApplyContext): Lock {
  let result = lock;
  for (const { command, isAmbiguous } of units) {
    result = removeEntry(result, command.file, isAmbiguous ? command.object : undefined, target);
  }
  return result;
}

async function entryOf(context: ApplyContext, judged: JudgedUnit): Promise<LockEntry> {
  const { judgement, trials } = context;
  const { unit } = judged;
  return {
    ...(await entryBase(context, unit, unit.incumbent.configuration)),
    objectHash: unit.incumbent.object.hash,
    measured: lockMeasurement(judged, {
      noiseFloor: judgement.noiseFloor,
      ...(trials.sameInputs && { sameInputs: true }),
      ...(trials.isEstimate && { estimate: true }),
    }),
  };
}

/** Says that the stock compiler won here, so that the next build does not search again. */
async function stockEntryOf(context: ApplyContext, unit: TunedUnit): Promise<LockEntry> {
  const { judgement, trials } = context;
  return {
    ...(await entryBase(context, unit, {})),
    verdict: 'stock',
    objectHash: unit.baseline.hash,
    measured: lockMeasurement(
      { vsO3: even, vsStock: even },
      { noiseFloor: judgement.noiseFloor, ...(trials.isEstimate && { estimate: true }) },
    ),
  };
}

async function entryBase(
  { config, prep, agents }: ApplyContext,
  unit: TunedUnit,
  levers: Configuration,
): Promise<Omit<LockEntry, 'objectHash' | 'measured'>> {
  const { clang, gcc, target } = prep;
  const { command } = unit;
  const driver = command.language === 'c' ? clang.cc : clang.cxx;
  const includes = await localHeaders(command, driver, config.packageRoot);
  const source = await sourceHash(config.packageRoot, command.file, includes);
  if (source === undefined)
    throw new AutoPassError('NO_SOURCE', `${command.file} vanished while it was tuned.`);
  const { vendor, version, major } = isForGcc(levers) ? (gcc ?? clang) : clang;
  return {
    file: command.file,
    ...(unit.isAmbiguous && { object: command.object }),
    target,
    compiler: { vendor, version, major },
    levers,
    source,
    includes,
    policy: config.policy,
    ...(agents && { model: { name: modelName(agents.model), transcript: agents.transcript } }),
  };
}

/** A model's name as the lock can hold it. */
function modelName(name: string): string {
  return name.replace(/[^\w.:@/+-]/g, '-').slice(0, 128);
}

/** The objects of the applied build should be the tuned ones, byte for byte. */
async function compareObjects({ prep }: ApplyContext, entries: readonly LockEntry[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const entry of entries) {
    if (entry.verdict === 'stock') continue;
    const command = prep.record.compiles.find(
      ({ file, object }) => file === entry.file && (entry.object === undefined || object === entry.object),
    );
    const hash = command && (await hashOfObject(command.output));
    if (hash !== entry.objectHash) {
      warnings.push(
        `${entry.file}: the built object is not the tuned one; see what autopass status says about it.`,
      );
    }
  }
  return warnings;
}

/** The stock build passed them before the session began. */
async function runTests({ config, prep, signal, judgement }: ApplyContext): Promise<void> {
  if (config.test === undefined || !prep.isLocal || judgement.verdict !== 'faster') return;
  const failure = await testFailure(config, signal);
  if (failure === undefined) return;
  throw new AutoPassError(
    'TESTS_FAILED',
    `${config.test.join(' ')} fails with the tuned build and passed with the stock build:\n${failure}`,
    {
      exitCode: exitCodes.incorrect,
      hint: 'The lock is as it was. The code may rely on undefined behaviour that the tuned compiler exposes.',
    },
  );
}

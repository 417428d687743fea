import type { CommandDef } from 'citty';
import { type Config, loadConfig } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import type { Logger } from '../log.js';
import { variantTargets } from '../target/applied.js';
import { detectHost } from '../target/host.js';
import { findClangs } from '../toolchain/find-clang.js';
import { type LockStatus, lockStatus } from '../tune/lock-status.js';
import type { TuneResult } from '../tune/result.js';
import { tune } from '../tune/tune.js';
import { type TuneTargetsOptions, tuneTargets } from '../tune/tune-targets.js';
import { buildCross } from './build-cross.js';
import { command } from './command.js';
import { isCi } from './frozen.js';
import { lockedBuild } from './locked-build.js';
import { printResults } from './print-results.js';
import { withProgress } from './progress.js';
import { sessionArgs, withSessionArgs } from './session-args.js';

export const build: CommandDef = command(
  'build',
  'Build with the lock; the first build, without a lock entry for this machine, tunes',
  {
    ...sessionArgs,
    frozen: { type: 'boolean', description: 'Never tune, never write; exit 5 when the lock is out of date' },
    target: {
      type: 'string',
      valueHint: 'TARGET',
      description: 'Cross build, such as linux-glibc-arm64 or linux-musl-x64/x86-64-v3',
    },
    out: { type: 'string', valueHint: 'DIR', description: 'With --target: copy the .node files there' },
    verify: {
      type: 'boolean',
      description: "With --target: compare the bench's outputs with the build for this machine",
    },
    device: {
      type: 'string',
      valueHint: 'URL',
      description: 'With --target: compare them on a device, ssh://user@host:port, and not under an emulator',
    },
  },
  async (args, io) => {
    const config = withSessionArgs(await loadConfig(args.dir), args);
    const isFrozen = args.frozen || isCi();
    let status = await lockStatus(config.packageRoot, config.isa);
    let isOutdated = false;
    if (isFrozen) refuseDrift(status, Boolean(args.frozen));
    if (args.target !== undefined) {
      const { target, out, verify, device } = args;
      return buildCross(config, io, { target, out, verify, device });
    }
    if (!isFrozen && needsTuning(status, config.isa) && (await canTune(config, io.logger))) {
      const session: TuneTargetsOptions['session'] = (chosen, more) =>
        withProgress(io, (progress, logger) =>
          tune(chosen, { logger, progress, signal: io.signal, ...more }),
        );
      const tuneWith = (chosen: Config): Promise<TuneResult[]> =>
        tuneTargets(chosen, { session, build: (built) => lockedBuild(built, io), logger: io.logger });
      const results = await tuneWith(config)
        .catch((error: unknown) => {
          if (!(error instanceof AutoPassError && error.family === 'model')) throw error;
          // A build must not depend on somebody's endpoint.
          io.logger.warn(`${error.message}; the expert tunes instead`);
          return tuneWith({ ...config, policy: 'expert' });
        })
        .catch((error: unknown) => {
          // Another build tunes: this one waits below, and applies what that one finds.
          if (!(error instanceof AutoPassError && error.code === 'SESSION_RUNNING')) throw error;
          isOutdated = true;
          return undefined;
        });
      if (results !== undefined) {
        printResults(results, io);
        return exitCodes.ok;
      }
    }
    const onWait = (holder: number) => {
      isOutdated = true;
      io.logger.info(`process ${holder} builds or tunes this package; waiting for it`);
    };
    const before = async (): Promise<void> => {
      if (isOutdated) status = await lockStatus(config.packageRoot, config.isa);
    };
    await lockedBuild(config, io, { showOutput: true, onWait, before });
    const applied = status.entries.filter(({ state }) => state === 'applied').map(({ entry }) => entry.file);
    io.print(
      applied.length === 0
        ? 'Built as stock.'
        : `Built with ${applied.length} tuned translation unit${applied.length === 1 ? '' : 's'}.`,
      { target: status.targets[0], applied, variants: status.variants, drift: status.drift },
    );
    return exitCodes.ok;
  },
);

/**
 * Tune when the lock says nothing about a target of this machine, or when a source changed since. An entry of
 * another compiler is left alone: it is somebody's result, and `autopass tune` replaces it on request.
 */
function needsTuning(status: LockStatus, isa: string): boolean {
  if (status.found === 'invalid') {
    throw new AutoPassError('LOCK_UNREADABLE', status.drift.join('\n'), {
      exitCode: exitCodes.lockOutOfDate,
    });
  }
  const targets = [...status.targets, ...(isa === 'dispatch' ? variantTargets(detectHost()) : [])];
  const own = status.entries.filter(({ entry }) => targets.includes(entry.target));
  return own.length === 0 || own.some(({ changed }) => changed);
}

/** What is missing for tuning is said in one line; the build itself goes on as stock. */
async function canTune(config: Config, logger: Logger): Promise<boolean> {
  if (config.bench === undefined) {
    logger.warn('nothing is tuned: no bench is configured. Write one with: autopass init');
    return false;
  }
  const clangs = await findClangs(config.clang === undefined ? {} : { configured: config.clang });
  if (clangs.length > 0) return true;
  logger.warn('nothing is tuned: no clang of LLVM 16 to 22 was found (apt-get install clang-19 llvm-19)');
  return false;
}

function refuseDrift(status: LockStatus, isExplicit: boolean): void {
  const drift = [...status.drift];
  if (isExplicit && status.found === 'missing') drift.push(`${status.file} does not exist`);
  if (drift.length === 0) return;
  throw new AutoPassError(
    'LOCK_OUT_OF_DATE',
    `The lock is out of date:\n${drift.map((line) => `  ${line}`).join('\n')}`,
    {
      exitCode: exitCodes.lockOutOfDate,
      hint: 'Run autopass tune on a development machine and commit autopass.lock.',
    },
  );
}

import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { DryRunEnd } from '../model/dry-run.js';
import { appliedTargets, variantTargets } from '../target/applied.js';
import { detectHost } from '../target/host.js';
import { tune as runTune } from '../tune/tune.js';
import { tuneTargets } from '../tune/tune-targets.js';
import { command } from './command.js';
import { refuseInCi } from './frozen.js';
import { lockedBuild } from './locked-build.js';
import { printResults } from './print-results.js';
import { withProgress } from './progress.js';
import { sessionArgs, withSessionArgs } from './session-args.js';

export const tune: CommandDef = command(
  'tune',
  'Tune every hot translation unit and write autopass.lock',
  {
    ...sessionArgs,
    'dry-run': {
      type: 'boolean',
      description: 'With agents: print the first request to the model, send nothing',
    },
  },
  async (args, io) => {
    refuseInCi('tune');
    const own = await loadConfig(args.dir);
    const config = withSessionArgs(own, args);
    const dryRun = Boolean(args['dry-run']);
    const results = await tuneTargets(
      config,
      (chosen) =>
        withProgress(io, (progress, logger) =>
          runTune(chosen, { logger, progress, signal: io.signal, dryRun }),
        ),
      (chosen) => lockedBuild(chosen, io),
    ).catch((error: unknown) => {
      if (error instanceof DryRunEnd) return error;
      throw error;
    });
    if (results instanceof DryRunEnd) {
      io.print(results.message, results.request);
      return exitCodes.ok;
    }
    printResults(results, io);
    const unused = results.find(({ target, verdict }) => verdict === 'faster' && !isUsed(target, own.isa));
    if (unused !== undefined) {
      io.logger.warn(
        `builds leave out what was tuned for ${unused.target} unless "isa" in the config is dispatch or host`,
      );
    }
    return results.some(({ verdict }) => verdict === 'faster') ? exitCodes.ok : exitCodes.notFaster;
  },
);

/** Whether builds with this `isa` make code of the target, in the addon itself or in a variant of it. */
function isUsed(target: string, isa: string): boolean {
  const host = detectHost();
  const variants = isa === 'dispatch' ? variantTargets(host) : [];
  return [...appliedTargets(host, isa), ...variants].includes(target);
}

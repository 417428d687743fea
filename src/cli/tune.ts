import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { DryRunEnd } from '../model/dry-run.js';
import { formatSummary } from '../report/summary.js';
import { tune as runTune } from '../tune/tune.js';
import { command } from './command.js';
import { refuseInCi } from './frozen.js';
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
    const config = withSessionArgs(await loadConfig(args.dir), args);
    const dryRun = Boolean(args['dry-run']);
    const result = await withProgress(io, (progress, logger) =>
      runTune(config, { logger, progress, signal: io.signal, dryRun }),
    ).catch((error: unknown) => {
      if (error instanceof DryRunEnd) return error;
      throw error;
    });
    if (result instanceof DryRunEnd) {
      io.print(result.message, result.request);
      return exitCodes.ok;
    }
    io.print(formatSummary(result), result);
    return result.verdict === 'faster' ? exitCodes.ok : exitCodes.notFaster;
  },
);

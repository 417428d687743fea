import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { DryRunEnd } from '../model/dry-run.js';
import { appliedTargets, variantTargets } from '../target/applied.js';
import { detectHost } from '../target/host.js';
import { tune as runTune } from '../tune/tune.js';
import { tuneCross } from '../tune/tune-cross.js';
import { type TuneTargetsOptions, tuneTargets } from '../tune/tune-targets.js';
import { command } from './command.js';
import { deviceArg, elsewhere } from './elsewhere.js';
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
    target: {
      type: 'string',
      valueHint: 'TARGET',
      description: 'Tune for another machine, such as linux-glibc-arm64/armv8-a@cortex-a72',
    },
    device: deviceArg,
    'dry-run': {
      type: 'boolean',
      description: 'With agents: print the first request to the model, send nothing',
    },
  },
  async (args, io) => {
    refuseInCi('tune');
    const config = withSessionArgs(await loadConfig(args.dir), args);
    const dryRun = Boolean(args['dry-run']);
    const where = elsewhere(config, args);
    const session: TuneTargetsOptions['session'] = (chosen, more) =>
      withProgress(io, (progress, logger) => {
        const options = { logger, progress, signal: io.signal, dryRun, ...more };
        return where === undefined ? runTune(chosen, options) : tuneCross(chosen, where, options);
      });
    const run =
      where === undefined
        ? tuneTargets(config, { session, build: (chosen) => lockedBuild(chosen, io), logger: io.logger })
        : session(config).then((result) => [result]);
    const results = await run.catch((error: unknown) => {
      if (error instanceof DryRunEnd) return error;
      throw error;
    });
    if (results instanceof DryRunEnd) {
      io.print(results.message, results.request);
      return exitCodes.ok;
    }
    printResults(results, io);
    if (where !== undefined) io.logger.info(`build with it: autopass build --target ${results[0]?.target}`);
    else {
      // As tuning left it.
      const { isa } = await loadConfig(args.dir);
      const unused = results.find(({ target, verdict }) => verdict === 'faster' && !isUsed(target, isa));
      if (unused) {
        io.logger.warn(
          `builds leave out what was tuned for ${unused.target} unless "isa" in the config is dispatch or host`,
        );
      }
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

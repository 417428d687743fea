import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import { requireTarget } from '../target/target.js';
import { execPackage } from '../tune/exec-package.js';
import { command } from './command.js';

export const exec: CommandDef = command(
  'exec',
  'Run any build command with the lock applied: autopass exec -- npm rebuild',
  {
    target: {
      type: 'string',
      valueHint: 'TARGET',
      description: 'Cross build, such as linux-glibc-arm64; the command must build for it too',
    },
  },
  async (args, { rest, logger, signal }) => {
    if (rest.length === 0) {
      throw new AutoPassError('NO_COMMAND', 'No command was given.', {
        hint: 'autopass exec -- node-gyp rebuild',
      });
    }
    const config = await loadConfig(args.dir);
    const target = args.target === undefined ? {} : { target: requireTarget(args.target) };
    return execPackage({ config, argv: rest, env: process.env, logger, signal, ...target });
  },
);

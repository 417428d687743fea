import path from 'node:path';
import type { CommandDef } from 'citty';
import { execa } from 'execa';
import { detectBuildSystem } from '../build/detect-build-system.js';
import { execEnvironment } from '../build/exec-environment.js';
import { prepareCMakeBuild } from '../build/prepare-cmake.js';
import { sync } from '../build/sync.js';
import { readPackageJson } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import { isHooked } from '../tune/build-package.js';
import { command } from './command.js';

export const exec: CommandDef = command(
  'exec',
  'Run any build command with the lock applied: autopass exec -- npm rebuild',
  {},
  async (args, io) => {
    const [file = '', ...rest] = io.rest;
    if (file === '') {
      throw new AutoPassError('NO_COMMAND', 'No command was given.', {
        hint: 'autopass exec -- node-gyp rebuild',
      });
    }
    const packageRoot = path.resolve(args.dir);
    await readPackageJson(packageRoot);
    const env = process.env;
    if (process.platform === 'win32')
      io.logger.warn('Windows builds are not tuned; running the command as it is.');
    else await sync({ packageRoot, env, logger: io.logger });
    const buildSystem = await detectBuildSystem(packageRoot, io.rest);
    if (buildSystem === 'cmake-js') await prepareCMakeBuild({ packageRoot, env });
    const launcher = (await isHooked(packageRoot)) ? {} : execEnvironment({ packageRoot, buildSystem, env });
    const result = await execa(file, rest, {
      cwd: packageRoot,
      env: { ...env, ...launcher },
      preferLocal: true,
      localDir: packageRoot,
      stdio: 'inherit',
      reject: false,
    });
    if (result.exitCode === undefined && result.failed) {
      io.logger.warn(result.shortMessage ?? `${file} could not be run`);
      return exitCodes.usage;
    }
    return result.exitCode ?? exitCodes.ok;
  },
);

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Run, run } from '../toolchain/run.js';
import { applyFolder } from './apply-folder.js';

/**
 * Hooks AutoPass into a CMake build folder that was configured without it, keeping its cache: CMake reads launcher
 * variables from the environment only for a new one.
 * @returns false when CMake refused; the build itself will then show why
 */
export async function prepareCMakeBuild(options: {
  packageRoot: string;
  env: NodeJS.ProcessEnv;
  buildFolder?: string;
  folder?: string;
  run?: Run;
}): Promise<boolean> {
  const build = options.buildFolder ?? path.join(options.packageRoot, 'build');
  const cache = path.join(build, 'CMakeCache.txt');
  if (!existsSync(cache)) return true;
  const folder = options.folder ?? applyFolder();
  if ((await readFile(cache, 'utf8')).includes('AUTOPASS_HOOKED:INTERNAL=')) return true;
  const argv = ['cmake', `-DCMAKE_PROJECT_INCLUDE=${folder}/autopass.cmake`, build];
  return (await (options.run ?? run)(argv, { cwd: build, env: options.env })).code === 0;
}

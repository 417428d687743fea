import { realpathSync } from 'node:fs';
import process from 'node:process';
import type { Logger } from '../log.js';
import { applyFolder } from './apply-folder.js';
import { isUsablePath } from './launcher-command.js';
import { findPackageRoot } from './package-root.js';
import { statePaths } from './state.js';
import { sync } from './sync.js';

/** The build systems whose hooks call the sync step. */
export type HookKind = 'make' | 'cmake';

/**
 * The sync step as the hooks call it, in the build folder or in CMake's source folder.
 * @returns what the hook reads: nothing, when the build shall go on without AutoPass; else the state folder, and
 * for CMake after it, separated by `;`, the files on which the configuration depends.
 */
export async function syncForHook(kind: HookKind, folder: string, logger: Logger): Promise<string> {
  if (process.platform === 'win32') return '';
  const found = findPackageRoot(folder);
  if (found === undefined) {
    logger.warn(`there is no package.json at or above ${folder}; the build goes on without AutoPass`);
    return '';
  }
  const packageRoot = realpathSync(found);
  for (const used of [packageRoot, applyFolder()]) {
    if (isUsablePath(used)) continue;
    logger.warn(
      `cannot hook into a build below ${used} (its path holds special characters); everything builds as stock`,
    );
    return '';
  }
  try {
    const { inputs } = await sync({ packageRoot, env: process.env, logger });
    return [statePaths(packageRoot).build, ...(kind === 'cmake' ? inputs : [])].join(';');
  } catch (error) {
    logger.warn(`everything builds as stock: ${error instanceof Error ? error.message : String(error)}`);
    return '';
  }
}

import path from 'node:path';
import type { Config } from '../config/load.js';
import { buildPackage } from '../tune/build-package.js';
import { withSessionLock } from '../tune/session-lock.js';
import type { CommandIo } from './command.js';

/** Builds with the lock when no other process builds or tunes the package. */
export function lockedBuild(
  config: Config,
  io: Pick<CommandIo, 'logger' | 'signal'>,
  options: { showOutput?: boolean; onWait?: (holder: number) => void; before?: () => Promise<void> } = {},
): Promise<void> {
  const { showOutput = false, onWait = () => {}, before } = options;
  const { logger, signal } = io;
  const state = path.join(config.packageRoot, '.autopass');
  return withSessionLock(
    state,
    async () => {
      await before?.();
      await buildPackage({ config, mode: 'apply', logger, showOutput, signal });
    },
    { onWait, signal },
  );
}

import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/load.js';
import { lockName } from './apply.js';
import { type Elsewhere, withCrossSite } from './cross-site.js';
import type { TuneResult } from './result.js';
import { withSessionLock } from './session-lock.js';
import { type TuneOptions, tune } from './tune.js';

/**
 * A session for another machine, in a copy of the package's sources; its entries come into the package's own lock.
 * @throws AutoPassError as {@link tune} and {@link withCrossSite} do
 */
export function tuneCross(config: Config, where: Elsewhere, options: TuneOptions): Promise<TuneResult> {
  const { logger, signal } = options;
  return withSessionLock(path.join(config.packageRoot, '.autopass'), () =>
    withCrossSite(config, where, { logger, signal }, async (site, own) => {
      const result = await tune(own, { ...options, site });
      const lock = path.join(config.packageRoot, lockName);
      await copyFile(path.join(own.packageRoot, lockName), `${lock}.tmp`);
      await rename(`${lock}.tmp`, lock);
      return result;
    }),
  );
}

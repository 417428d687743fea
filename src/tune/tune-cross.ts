import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../build/replace-file.js';
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
      const made = await readFile(path.join(own.packageRoot, lockName));
      await replaceFile(path.join(config.packageRoot, lockName), made);
      return result;
    }),
  );
}

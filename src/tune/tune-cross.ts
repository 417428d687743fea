import { copyFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/load.js';
import type { Target } from '../target/target.js';
import { lockName } from './apply.js';
import { crossSite } from './cross-site.js';
import type { TuneResult } from './result.js';
import { withSessionLock } from './session-lock.js';
import { type TuneOptions, tune } from './tune.js';

/**
 * A session for another machine, in a copy of the package's sources; its entries come into the package's own lock.
 * @throws AutoPassError as {@link tune} does, and `NO_CROSS_TARGET`, `NO_CROSS_TOOLS`, `NO_CROSS_NODE`, `NO_EMULATOR`
 */
export function tuneCross(config: Config, target: Target, options: TuneOptions): Promise<TuneResult> {
  return withSessionLock(path.join(config.packageRoot, '.autopass'), async () => {
    const { site, config: own } = await crossSite(config, target);
    const result = await tune(own, { ...options, site });
    const lock = path.join(config.packageRoot, lockName);
    await copyFile(path.join(own.packageRoot, lockName), `${lock}.tmp`);
    await rename(`${lock}.tmp`, lock);
    return result;
  });
}

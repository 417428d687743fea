import type { Config } from '../config/load.js';
import { setJsonField } from '../config/set-json-field.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import { detectHost } from '../target/host.js';
import { levelsWorthwhile } from './level-gains.js';
import type { TuneResult } from './result.js';
import type { TuneOptions } from './tune.js';

export interface TuneTargetsOptions {
  readonly session: (config: Config, options?: Pick<TuneOptions, 'measureLevels'>) => Promise<TuneResult>;
  /** Builds the package, with variants where the config wants them. */
  readonly build: (config: Config) => Promise<void>;
  readonly logger: Logger;
}

/**
 * One session for each target that `isa` asks for. `dispatch` asks for the baseline and for the levels that were measured to be worth it,
 * or else the best one of this machine, with half of the budget each. `auto` gives the baseline all of it, and half of it to each level
 * that was measured to be worth it, if there is one; if one of them confirms its gain, the config says `dispatch` from then on. A level
 * that fails there costs a warning only.
 */
export async function tuneTargets(config: Config, options: TuneTargetsOptions): Promise<TuneResult[]> {
  const { session, build, logger } = options;
  const isDispatched = config.isa === 'dispatch';
  // A transcript holds one session.
  const isAutomatic = config.isa === 'auto' && config.model.replay === undefined;
  if (!isDispatched && !isAutomatic) return [await session(config)];
  const [best, ...lower] = detectHost().levels;
  if (best === undefined || lower.length === 0) return [await session({ ...config, isa: 'baseline' })];
  const { minutes, trials } = config.budget;
  const half = { minutes: minutes / 2, trials: Math.ceil(trials / 2) };
  const plain = await session(
    { ...config, isa: 'baseline', ...(isDispatched && { budget: half }) },
    { measureLevels: true },
  );
  const gains = levelsWorthwhile(plain.levels ?? []);
  if (gains.length === 0 && !isDispatched) return [plain];
  for (const { level, ratio } of gains) {
    logger.info(
      `for ${level} plain -O3 is ${ratio.toFixed(2)} times as fast as what was found: it is tuned for as well`,
    );
  }
  const levels = gains.length === 0 ? [best] : gains.map(({ level }) => level);
  const raised: TuneResult[] = [];
  for (const level of levels) {
    try {
      raised.push(await session({ ...config, isa: level, budget: half }));
    } catch (error) {
      // Nobody asked for this level by name, and what was found before it is in the lock.
      if (isDispatched || !(error instanceof AutoPassError)) throw error;
      const again = `autopass tune --isa ${level}`;
      logger.warn(
        `tuning for ${level} ended early; ${again} tries again: ${error.message} ${error.hint ?? ''}`.trim(),
      );
    }
  }
  if (isDispatched) await build(config);
  else if (raised.some((result) => isConfirmed(plain, result))) {
    await chooseDispatch(config, logger);
    await build({ ...config, isa: 'dispatch' });
  } else {
    logger.info(
      `it was not confirmed that ${levels.join(', ')} deserve variants of their own: the addon stays as it was`,
    );
    await build(config);
  }
  return [plain, ...raised];
}

function isConfirmed(plain: TuneResult, raised: TuneResult): boolean {
  return raised.verdict === 'faster' && raised.addon.vsStock.ci[0] > plain.addon.vsStock.ratio;
}

async function chooseDispatch({ file }: Config, logger: Logger): Promise<void> {
  if (file?.endsWith('.json')) {
    await setJsonField(file, 'isa', 'dispatch');
    logger.info(`${file} says "isa": "dispatch" now: builds hold both, and the processor decides`);
  } else {
    logger.warn(
      `say isa: 'dispatch' in ${file ?? 'autopass.config.json'}, or later builds leave out the variants`,
    );
  }
}

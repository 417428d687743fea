import type { Config } from '../config/load.js';
import { detectHost } from '../target/host.js';
import type { TuneResult } from './result.js';

/**
 * One session for each target that `isa` asks for. `dispatch` asks for two, the baseline and the best level of this machine, with half
 * of the budget each, and ends with a build that holds both.
 */
export async function tuneTargets(
  config: Config,
  session: (config: Config) => Promise<TuneResult>,
  build: (config: Config) => Promise<void>,
): Promise<TuneResult[]> {
  if (config.isa !== 'dispatch') return [await session(config)];
  const [best, ...lower] = detectHost().levels;
  if (best === undefined || lower.length === 0) return [await session({ ...config, isa: 'baseline' })];
  const { minutes, trials } = config.budget;
  const budget = { minutes: minutes / 2, trials: Math.ceil(trials / 2) };
  const results: TuneResult[] = [];
  for (const isa of ['baseline', best]) results.push(await session({ ...config, isa, budget }));
  await build(config);
  return results;
}

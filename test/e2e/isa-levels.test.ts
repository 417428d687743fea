import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { isaLevelOf } from '../../src/levers/isa-level.js';
import { silentLogger } from '../../src/log.js';
import { detectHost } from '../../src/target/host.js';
import { compileBaseline } from '../../src/tune/baseline.js';
import { Budget } from '../../src/tune/budget.js';
import { gatherUnits } from '../../src/tune/hot-units.js';
import { levelGains } from '../../src/tune/level-gains.js';
import { NoiseFloor } from '../../src/tune/noise-floor.js';
import { prepare } from '../../src/tune/prepare.js';
import { sessionTools } from '../../src/tune/session-tools.js';
import { temporaryFolder, writeFiles } from '../build/support.js';
import { sumsAddon } from './sums-addon.js';

const signal = undefined;
let packageRoot: string;

beforeAll(async () => {
  packageRoot = await temporaryFolder('levels');
});

afterAll(() => rm(packageRoot, { recursive: true, force: true }));

it.runIf(detectHost().levels.includes('x86-64-v3'))(
  'measures every level that changes the code, but none that changes what it computes',
  async () => {
    const source = (sumsAddon['src/sums.c'] ?? '').replace(
      'return total',
      `#ifdef __AVX2__
  total++;
#endif
  return total`,
    );
    await writeFiles(packageRoot, { ...sumsAddon, 'src/sums.c': source });
    const config = await loadConfig(packageRoot);
    const workDir = path.join(packageRoot, '.autopass/work');
    const prep = await prepare(config, { workDir, logger: silentLogger, signal });
    const level = isaLevelOf(prep.target);
    const profiles = path.join(workDir, 'profiles');
    const { workspace, trials } = sessionTools(config, prep, {
      workDir,
      level,
      profiles,
      logger: silentLogger,
      signal,
    });
    const commands = prep.tunable.filter(({ file }) => file === 'src/sums.c');
    const baseline = await compileBaseline(commands, { workspace, trials, logger: silentLogger });
    const hot = commands.map((command) => ({ command, share: 1, hot: [] }));
    const units = await gatherUnits(prep, { units: hot, baseline }, { workDir, level, signal });
    const context = {
      units,
      scopes: [],
      baseline,
      workspace,
      trials,
      noise: new NoiseFloor(),
      budget: new Budget({ minutes: 0.1, trials: 1 }, () => performance.now()),
      onStep: () => {},
      signal,
    };
    const gains = await levelGains(context, { host: prep.host, kept: [] });
    expect(gains.map((gain) => gain.level)).toEqual(['x86-64-v2']);
    expect(gains[0]?.ci[0]).toBeGreaterThan(0);
  },
);

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { isaLevelOf } from '../../src/levers/isa-level.js';
import { silentLogger } from '../../src/log.js';
import { compileBaseline } from '../../src/tune/baseline.js';
import { gatherUnits, hotUnits, rescored, scoreStock } from '../../src/tune/hot-units.js';
import { prepare } from '../../src/tune/prepare.js';
import { sessionTools } from '../../src/tune/session-tools.js';
import { temporaryFolder, writeFiles } from '../build/support.js';
import { sumsAddon } from './sums-addon.js';

it('looks at the functions that are hot as clang compiles them, where the stock compiler inlined them', async () => {
  const packageRoot = await temporaryFolder('hot-functions');
  try {
    const source = (sumsAddon['src/sums.c'] ?? '').replace(
      'unsigned sums(',
      `#ifdef __clang__
__attribute__((noinline))
#endif
static unsigned weighted(`,
    );
    const caller = `
unsigned sums(const unsigned char *bytes, unsigned length) {
  return weighted(bytes, length);
}
`;
    await writeFiles(packageRoot, { ...sumsAddon, 'src/sums.c': `${source}${caller}` });
    const config = await loadConfig(packageRoot);
    const workDir = path.join(packageRoot, '.autopass/work');
    const options = { workDir, logger: silentLogger, signal: undefined };
    const prep = await prepare(config, options);
    const profiles = path.join(workDir, 'profiles');
    const { workspace, trials } = sessionTools(config, prep, { ...options, profiles });
    const score = await scoreStock(config, prep, options);
    expect(score.source).toBe('perf');
    const hot = hotUnits(prep, score);
    expect(hot[0]?.hot[0]?.name).toBe('sums');
    const commands = hot.map(({ command }) => command);
    const baseline = await compileBaseline(commands, { workspace, trials, logger: silentLogger });
    const again = await rescored(hot, { config, prep, score, baseline, workspace }, options);
    expect(again[0]?.hot[0]).toMatchObject({ name: 'weighted' });
    expect(again[0]?.hot[0]?.share).toBeGreaterThan(0.5);
    const [unit] = await gatherUnits(prep, again, baseline, { ...options, level: isaLevelOf(prep.target) });
    // Its share of every case goes with it.
    const { cases = {} } = unit?.evidence.hot.find(({ name }) => name === 'weighted') ?? {};
    expect(Object.values(cases).length).toBeGreaterThan(0);
    for (const share of Object.values(cases)) expect(share).toBeGreaterThan(0.5);
    expect(unit?.evidence.assembly.some((code) => code.function === 'weighted')).toBe(true);
  } finally {
    await rm(packageRoot, { recursive: true, force: true });
  }
});

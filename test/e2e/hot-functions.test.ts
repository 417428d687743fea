import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { isaLevelOf } from '../../src/levers/isa-level.js';
import { silentLogger } from '../../src/log.js';
import { findHotUnits, gatherUnits, type HotUnits } from '../../src/tune/hot-units.js';
import { type Preparation, prepare } from '../../src/tune/prepare.js';
import { sessionTools } from '../../src/tune/session-tools.js';
import { temporaryFolder, writeFiles } from '../build/support.js';
import { sumsAddon } from './sums-addon.js';

/** Prepares a session on a package of these files and finds its hot units. */
async function inSession(
  files: Readonly<Record<string, string>>,
  check: (hot: HotUnits, prep: Preparation, options: SessionOptions) => Promise<void> | void,
): Promise<void> {
  const packageRoot = await temporaryFolder('hot-functions');
  try {
    await writeFiles(packageRoot, files);
    const config = await loadConfig(packageRoot);
    const workDir = path.join(packageRoot, '.autopass/work');
    const options = { workDir, logger: silentLogger, signal: undefined };
    const prep = await prepare(config, options);
    const profiles = path.join(workDir, 'profiles');
    const tools = sessionTools(config, prep, { ...options, profiles });
    await check(await findHotUnits({ config, prep, ...tools }, options), prep, options);
  } finally {
    await rm(packageRoot, { recursive: true, force: true });
  }
}

type SessionOptions = Parameters<typeof prepare>[1];

it('looks at the functions that are hot as clang compiles them, where the stock compiler inlined them', async () => {
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
  await inSession({ ...sumsAddon, 'src/sums.c': `${source}${caller}` }, async (hot, prep, options) => {
    expect(hot.score.source).toBe('perf');
    expect(hot.score.units[0]?.hot[0]?.name).toBe('sums');
    expect(hot.units[0]?.hot[0]).toMatchObject({ name: 'weighted' });
    expect(hot.units[0]?.hot[0]?.share).toBeGreaterThan(0.5);
    const [unit] = await gatherUnits(prep, hot, { ...options, level: isaLevelOf(prep.target) });
    // Its share of every case goes with it.
    const { cases = {} } = unit?.evidence.hot.find(({ name }) => name === 'weighted') ?? {};
    expect(Object.values(cases).length).toBeGreaterThan(0);
    for (const share of Object.values(cases)) expect(share).toBeGreaterThan(0.5);
    expect(unit?.evidence.assembly.some((code) => code.function === 'weighted')).toBe(true);
  });
});

it('scores the build of clang where the project strips the addon, optimises it at the link and renames its build folder', async () => {
  const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const files = {
    ...sumsAddon,
    'index.js': "module.exports = require('./lib/sums.node');\n",
    'binding.gyp': `{"targets": [{
      "target_name": "sums", "product_dir": "<(module_root_dir)/lib", "sources": ["src/sums.c", "src/addon.c"],
      "cflags": ["-O3", "-flto"], "ldflags": ["-flto", "-s"]
    }]}`,
    'build.sh': `set -e\nrm -rf build-tmp-napi-v8\n"$1" "$2" rebuild\nmv build build-tmp-napi-v8\n`,
    'autopass.config.json': JSON.stringify({
      bench: './bench.mjs',
      isa: 'baseline',
      build: ['sh', 'build.sh', process.execPath, gyp],
    }),
  };
  await inSession(files, ({ score, units, baseline }) => {
    expect(score.source).toBe('perf');
    expect(units.map(({ command }) => command.file)).toEqual(['src/sums.c']);
    expect(units[0]?.hot[0]?.name).toBe('sums');
    expect([...baseline.keys()]).toEqual([units[0]?.command.output]);
  });
});

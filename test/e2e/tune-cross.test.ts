import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Lock } from '../../src/lock/types.js';
import { silentLogger } from '../../src/log.js';
import { formatSummary } from '../../src/report/summary.js';
import { requireTarget } from '../../src/target/target.js';
import { crossBuild } from '../../src/tune/cross-build.js';
import { tuneCross } from '../../src/tune/tune-cross.js';
import { writeFiles } from '../build/support.js';
import { arm64Node } from './arm64-node.js';
import { sumsAddon } from './sums-addon.js';

const target = requireTarget('linux-glibc-arm64/armv8-a@cortex-a72');
const slow = 30 * 60_000;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'autopass-tune-cross-'));
  const config = {
    bench: './bench.mjs',
    budget: { minutes: 30, trials: 2 },
    cross: { node: await arm64Node() },
  };
  await writeFiles(root, { ...sumsAddon, 'autopass.config.json': JSON.stringify(config) });
});

afterAll(() => rm(root, { recursive: true, force: true }));

it('tunes for ARM64 without a device, by estimates that say so, and builds with the result', {
  timeout: slow,
}, async () => {
  const config = await loadConfig(root);
  const result = await tuneCross(config, { target, devices: [] }, { logger: silentLogger });
  expect(result).toMatchObject({
    target: 'linux-glibc-arm64/armv8-a@cortex-a72',
    verdict: 'faster',
    estimate: true,
  });
  expect(formatSummary(result)).toContain('Nothing was timed');
  const lock = JSON.parse(await readFile(path.join(root, 'autopass.lock'), 'utf8')) as Lock;
  const entry = lock.entries.find(({ file }) => file === 'src/sums.c');
  expect(entry).toMatchObject({ target: result.target, measured: { estimate: true } });
  // The author's -O1 neither vectorises nor unrolls.
  expect(entry?.measured.vsStock).toBeGreaterThan(1.2);

  const build = await crossBuild(config, target, { logger: silentLogger });
  expect(build.applied).toEqual(['src/sums.c']);
});

import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import type { Lock, LockEntry } from '../../src/lock/types.js';
import { silentLogger } from '../../src/log.js';
import { formatSummary } from '../../src/report/summary.js';
import { requireTarget } from '../../src/target/target.js';
import { crossBuild } from '../../src/tune/cross-build.js';
import { tuneCross } from '../../src/tune/tune-cross.js';
import { verifyLock } from '../../src/tune/verify-lock.js';
import { tuned, writeFiles } from '../build/support.js';
import { arm64Node } from './arm64-node.js';
import { LoopbackDevice } from './loopback-sshd.js';
import { sumsAddon } from './sums-addon.js';

const target = requireTarget('linux-glibc-arm64/armv8-a@cortex-a72');
const slow = 30 * 60_000;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'autopass-tune-cross-'));
  const config = {
    bench: './bench.mjs',
    budget: { minutes: 30, trials: 1 },
    cross: { node: await arm64Node() },
  };
  await writeFiles(root, { ...sumsAddon, 'autopass.config.json': JSON.stringify(config) });
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function lockEntry(file: string): Promise<LockEntry | undefined> {
  const lock = JSON.parse(await readFile(path.join(root, 'autopass.lock'), 'utf8')) as Lock;
  return lock.entries.find((entry) => entry.file === file);
}

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
  // The author's -O1 neither vectorises nor unrolls.
  expect(result.instructions?.vsStock).toBeGreaterThan(1.2);
  const entry = await lockEntry('src/sums.c');
  expect(entry).toMatchObject({ target: result.target, measured: { estimate: true } });
  expect(entry?.measured.vsStock).toBeGreaterThan(1.2);

  const build = await crossBuild(config, target, { logger: silentLogger });
  expect(build.applied).toEqual(['src/sums.c']);
});

it('measures on a device what the lock only estimates', { timeout: slow }, async () => {
  const sshd = await LoopbackDevice.start();
  process.env.AUTOPASS_SSH_CONFIG = sshd.config();
  try {
    await tuned(root, { 'src/sums.c': {} }, 'linux-glibc-x64/x86-64-v1');
    const file = path.join(root, 'autopass.lock');
    const claimed = await readFile(file, 'utf8');
    await writeFile(file, claimed.replace('"noiseFloor"', '"estimate": true, "noiseFloor"'));
    expect((await lockEntry('src/sums.c'))?.measured.estimate).toBe(true);
    const config = await loadConfig(root);
    const where = { devices: [sshd.url] };
    const verified = await verifyLock(config, { where, logger: silentLogger, onStep: () => {} });
    expect(verified).toMatchObject({ verdict: 'confirmed', estimate: false });
    const { measured } = (await lockEntry('src/sums.c')) ?? {};
    expect(measured).not.toHaveProperty('estimate');
    expect(measured?.vsStock).toBeGreaterThan(1.2);
    expect(readdirSync(sshd.tmp)).toEqual([]);
  } finally {
    delete process.env.AUTOPASS_SSH_CONFIG;
    await sshd.remove();
  }
});

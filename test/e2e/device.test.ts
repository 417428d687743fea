import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.js';
import type { OutputsResult } from '../../src/measure/child/protocol.js';
import { type ChildEnd, openSession } from '../../src/measure/child-session.js';
import type { Device } from '../../src/measure/device/device.js';
import { type DeviceOptions, openDevice } from '../../src/measure/device/open-device.js';
import { openDevices } from '../../src/measure/device/open-devices.js';
import { measureVariants } from '../../src/measure/measure.js';
import type { BenchTarget, Variant } from '../../src/measure/types.js';
import { detectHost } from '../../src/target/host.js';
import { requireTarget } from '../../src/target/target.js';
import { compareAcross } from '../../src/verify/across.js';
import { createVerifier } from '../../src/verify/verify.js';
import { ended, LoopbackDevice } from './loopback-sshd.js';
import { makePackage, type TestPackage } from './measure-packages.js';

/** The first time it waits for ever, with its process id in a file; later it goes on. */
const waitingBench = `import { existsSync, writeFileSync } from 'node:fs';
export default (addon) => ({ hash: () => {
  const file = process.env.TMPDIR + '/waiting';
  if (!existsSync(file)) {
    writeFileSync(file, String(process.pid));
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  return addon.hash(Buffer.alloc(100));
} });`;

let sshd: LoopbackDevice;
let pkg: TestPackage;
let baseline: Variant;
let waiting: string;

beforeAll(async () => {
  sshd = await LoopbackDevice.start();
  pkg = makePackage();
  baseline = pkg.variant('baseline');
  writeFileSync(path.join(pkg.root, 'waiting.mjs'), waitingBench);
});

beforeEach(() => {
  process.env.AUTOPASS_SSH_CONFIG = sshd.config();
  waiting = path.join(sshd.tmp, 'waiting');
  rmSync(waiting, { force: true });
});

afterAll(async () => {
  delete process.env.AUTOPASS_SSH_CONFIG;
  await sshd?.remove();
  if (pkg !== undefined) rmSync(pkg.root, { recursive: true });
});

function open(more: Partial<DeviceOptions> = {}): Promise<Device> {
  return openDevice(sshd.url, { logger: silentLogger, retryMs: [100, 500, 2000, 10_000], ...more });
}

function targetOn(device: Device, bench = 'bench.mjs'): BenchTarget {
  const file = path.join(pkg.root, bench);
  return { packageRoot: pkg.root, bench: { kind: 'module', path: file }, workDir: pkg.workDir, device };
}

async function outputs(
  target: BenchTarget,
  variant: Variant,
  timeoutMs: number,
): Promise<ChildEnd<OutputsResult>> {
  const session = await openSession(target, { pin: false, seed: 1 });
  try {
    return await session.run<OutputsResult>({ kind: 'outputs', inputs: 'tune' }, [variant], timeoutMs);
  } finally {
    await session.close();
  }
}

/** Starts a trial that waits, does something to the connection meanwhile, and hands back how the trial ended. */
async function whileWaiting(
  target: BenchTarget,
  act: () => void | Promise<void>,
): Promise<{ pid: number; end: Promise<ChildEnd<OutputsResult>> }> {
  const end = outputs(target, baseline, 3_600_000);
  end.catch(() => {});
  let text = '';
  while (text === '') {
    await sleep(100);
    if (existsSync(waiting)) text = readFileSync(waiting, 'utf8');
  }
  await act();
  return { pid: Number(text), end };
}

describe('a device', () => {
  it('says what it is, and what is missing', async () => {
    const device = await open({ target: requireTarget('linux-glibc-x64') }).catch((error: unknown) => error);
    const host = detectHost();
    if (host.arch === 'x64' && host.libc === 'glibc') {
      expect(device).toMatchObject({ host, node: { version: process.versions.node } });
      await (device as Device).close();
    }
    const other = requireTarget(host.arch === 'x64' ? 'linux-glibc-arm64' : 'linux-glibc-x64');
    await expect(open({ target: other })).rejects.toMatchObject({ code: 'DEVICE_WRONG_MACHINE' });
    process.env.AUTOPASS_SSH_CONFIG = sshd.config('stranger');
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_NO_KEY' });
    process.env.AUTOPASS_SSH_CONFIG = sshd.config('user', 'unknown');
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_HOST_KEY' });
    process.env.AUTOPASS_SSH_CONFIG = sshd.config();
    await sshd.stop();
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE' });
    await sshd.listen('/nowhere');
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_NO_NODE' });
    await sshd.stop();
    await sshd.listen();
    expect(sshd.left()).toEqual([]);
  });

  it('verifies there as here, and gets the package once and each file of a variant once', async () => {
    const device = await open();
    const target = targetOn(device);
    const verifier = createVerifier({ ...target, reference: baseline, inputs: ['tune'], timeoutMs: 600_000 });
    const slow = pkg.variant('slow', { WORK: 4 });
    const verdicts = await verifier.verify([slow, pkg.variant('sabotage', { SABOTAGE: 1 })]);
    expect([...verdicts].map(([id, { outcome }]) => [id, outcome])).toEqual([
      ['slow', 'equal'],
      ['sabotage', 'incorrect'],
    ]);
    const [folder = ''] = sshd.left();
    const there = path.join(sshd.tmp, folder);
    expect(readdirSync(path.join(there, 'store'))).toHaveLength(3);
    const onPackage = path.join(there, 'tree', pkg.root, 'package.json');
    writeFileSync(onPackage, '{"name": "still-there"}');
    const { device: _device, ...here } = target;
    expect(await compareAcross({ target: here, build: slow }, { target, build: baseline })).toEqual({
      outcome: 'equal',
      cases: 4,
    });
    expect(readFileSync(onPackage, 'utf8')).toContain('still-there');
    expect(readdirSync(path.join(there, 'store'))).toHaveLength(3);
    expect(await outputs(target, pkg.variant('hang', { HANG: 1 }), 15_000)).toMatchObject({
      kind: 'timed-out',
    });
    const command: BenchTarget = { ...target, bench: { kind: 'command', command: ['node', '-v'] } };
    await expect(outputs(command, baseline, 1000)).rejects.toMatchObject({ code: 'DEVICE_BENCH' });
    await device.close();
    expect(sshd.left()).toEqual([]);
  });

  it('measures, on several at the same time', async () => {
    const device = await openDevices([sshd.url, sshd.url], { logger: silentLogger });
    const result = await measureVariants({
      ...targetOn(device),
      inputs: 'tune',
      baseline,
      candidates: [pkg.variant('slow', { WORK: 16 })],
      goal: 'race',
      minProcesses: 4,
      maxProcesses: 4,
      roundsPerProcess: 4,
      seed: 1,
      logger: silentLogger,
      timeoutMs: 600_000,
    });
    expect(result.results).toMatchObject([{ outcome: 'slower', processes: 4 }]);
    const stores = sshd.left().map((name) => readdirSync(path.join(sshd.tmp, name, 'store')).length);
    expect(stores).toEqual([2, 2]);
    await device.close();
    expect(sshd.left()).toEqual([]);
  });

  it('is reached again when the connection is cut, and repeats the trial', async () => {
    const warnings: string[] = [];
    const device = await open({ logger: { ...silentLogger, warn: (text) => warnings.push(text) } });
    const { pid, end } = await whileWaiting(targetOn(device, 'waiting.mjs'), () => sshd.cut());
    expect(await end).toMatchObject({ kind: 'result' });
    expect(warnings[0]).toContain('the connection was lost');
    await ended(pid);
    await device.close();
    expect(sshd.left()).toEqual([]);
  });

  it('that stays away ends the session, which can be resumed', async () => {
    const device = await open({ retryMs: [100, 100] });
    const { pid, end } = await whileWaiting(targetOn(device, 'waiting.mjs'), () => sshd.stop());
    await expect(end).rejects.toMatchObject({
      code: 'DEVICE_LOST',
      hint: expect.stringContaining('autopass tune'),
    });
    await ended(pid);
    await device.close();
    await sshd.listen();
    // As if this process had been killed: its folder is there, and belongs to a process that is not.
    const [folder = ''] = sshd.left();
    const dead = String(spawnSync('true').pid);
    const renamed = folder.replace(`-${process.pid}-`, `-${dead}-`);
    renameSync(path.join(sshd.tmp, folder), path.join(sshd.tmp, renamed));
    const others = path.join(sshd.tmp, 'autopass-device-00000000-1-abcdef');
    mkdirSync(others);
    await (await open()).close();
    expect(sshd.left()).toEqual([path.basename(others)]);
    rmSync(others, { recursive: true });
  });

  it('is left clean when the session is aborted', async () => {
    const abort = new AbortController();
    const device = await open({ signal: abort.signal });
    const target = { ...targetOn(device, 'waiting.mjs'), signal: abort.signal };
    const { pid, end } = await whileWaiting(target, () => abort.abort(new Error('stopped')));
    await expect(end).rejects.toThrow('stopped');
    await ended(pid);
    await device.close();
    expect(sshd.left()).toEqual([]);
  });
});

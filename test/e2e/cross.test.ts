import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tunedBaseArgs } from '../../src/build/plan-file.js';
import { loadConfig } from '../../src/config/load.js';
import { silentLogger } from '../../src/log.js';
import { openDevice } from '../../src/measure/device/open-device.js';
import { requireTarget } from '../../src/target/target.js';
import { buildPackage } from '../../src/tune/build-package.js';
import { type CrossBuild, crossBuild } from '../../src/tune/cross-build.js';
import { verifyCross } from '../../src/tune/verify-cross.js';
import { runCommand, testClang, tuned } from '../build/support.js';
import { arm64Node } from './arm64-node.js';
import {
  bindingGyp,
  cmakeLists,
  expectedRun,
  makeApplyFolder,
  makePackage,
  removePackage,
  runAddon,
} from './build-support.js';
import { LoopbackDevice } from './loopback-sshd.js';

const target = requireTarget('linux-glibc-arm64');
const entryOf = { 'src/hot.c': { 'mtune-aarch64': 'cortex-a53' } };
const emulator = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'];

let apply: string;
let node: string;
let root: string;

beforeAll(async () => {
  apply = await makeApplyFolder();
  node = await arm64Node();
});

afterAll(() => removePackage(apply));

/** A package with a lock for ARM64. */
async function makeTuned(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const made = await makePackage(name, apply, {
    ...files,
    'index.js': "module.exports = require('./build/Release/addon.node');\n",
    'bench.mjs': 'export default (addon) => ({ run: () => addon.run() });\n',
    'autopass.config.json': JSON.stringify({ bench: './bench.mjs', cross: { node } }),
  });
  await tuned(made, entryOf, 'linux-glibc-arm64/armv8-a');
  return made;
}

/** That the entry was really applied: the object is what clang makes with its flags, and not what it makes without. */
async function expectTuned(build: CrossBuild, object: string, flags: readonly string[]): Promise<void> {
  const { cc } = await testClang();
  const compile = async (extra: readonly string[]): Promise<Buffer> => {
    const output = path.join(build.folder, 'expected.o');
    const argv = [cc, '--target=aarch64-linux-gnu', ...flags, ...extra, '-c', 'src/hot.c', '-o', output];
    expect(await runCommand(argv, { cwd: build.folder })).toMatchObject({ code: 0 });
    return readFile(output);
  };
  const made = await readFile(path.join(build.folder, object));
  expect(made.equals(await compile([...tunedBaseArgs, '-mtune=cortex-a53']))).toBe(true);
  expect(made.equals(await compile([]))).toBe(false);
}

describe('a node-gyp package', () => {
  beforeAll(async () => {
    root = await makeTuned('cross-gyp', { 'binding.gyp': bindingGyp(false) });
  });

  afterAll(() => removePackage(root));

  it('is built for ARM64 with its entries and returns there what it returns here', async () => {
    const config = await loadConfig(root);
    await buildPackage({ config, mode: 'apply', logger: silentLogger });
    const build = await crossBuild(config, target, { logger: silentLogger });
    expect(build.applied).toEqual(['src/hot.c']);
    expect(build.needs.map(({ machine }) => machine)).toEqual(['AArch64', 'AArch64']);
    await expectTuned(build, 'build/Release/obj.target/addon/src/hot.o', [
      '-O3',
      '-fPIC',
      '-fno-omit-frame-pointer',
    ]);
    expect(await verifyCross(config, build)).toBe(2);
    // The same on a device, whose Node is the emulated one.
    const sshd = await LoopbackDevice.start();
    process.env.AUTOPASS_SSH_CONFIG = sshd.config();
    await sshd.listenWithNode([...emulator, node]);
    const device = await openDevice(sshd.url, { target, logger: silentLogger });
    expect(await verifyCross(config, build, { device })).toBe(2);
    await device.close();
    expect(sshd.left()).toEqual([]);
    delete process.env.AUTOPASS_SSH_CONFIG;
    await sshd.remove();
    // The package's own build is left alone.
    expect(await runAddon(path.join(root, 'build/Release/addon.node'))).toBe(expectedRun);
  });
});

describe('a cmake-js package', () => {
  it('is built for ARM64 with its entries and runs there', async () => {
    const made = await makeTuned('cross-cmake', { 'CMakeLists.txt': cmakeLists('') });
    const build = await crossBuild(await loadConfig(made), target, { logger: silentLogger });
    expect(build.applied).toEqual(['src/hot.c']);
    const file = build.binaries[0]?.loaded ?? '';
    const ran = await runCommand([...emulator, node, '-p', `require(${JSON.stringify(file)}).run()`], {
      cwd: '/',
    });
    expect(ran).toMatchObject({ code: 0, stdout: `${expectedRun}\n` });
    await removePackage(made);
  });
});

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDispatcher } from '../../src/build/dispatch-files.js';
import { tunedBaseArgs } from '../../src/build/plan-file.js';
import { loadConfig } from '../../src/config/load.js';
import { elfSection } from '../../src/levers/elf-section.js';
import { readLock } from '../../src/lock/read.js';
import type { LockEntry } from '../../src/lock/types.js';
import { writeLock } from '../../src/lock/write.js';
import { readElf } from '../../src/measure/elf-file.js';
import { baselineTarget, detectHost, targetName } from '../../src/target/host.js';
import { requireTarget, type Target } from '../../src/target/target.js';
import { execPackage } from '../../src/tune/exec-package.js';
import { runCommand, temporaryFolder, testClang, tuned, writeFiles } from '../build/support.js';
import { addonSources, expectedRun, runAddon } from './build-support.js';

const host = detectHost();
const prefix = path.dirname(path.dirname(process.execPath));
const tools = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

describe.runIf(host.levels.includes('x86-64-v3') && host.os === 'linux')('prebuildify through exec', () => {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  let root: string;

  const exec = async (argv: readonly string[], target?: Target): Promise<number> => {
    lines.length = 0;
    const env = {
      ...process.env,
      PATH: `${tools}${path.delimiter}${process.env.PATH}`,
      npm_config_nodedir: prefix,
    };
    const config = await loadConfig(root);
    const logger = { info: say, warn: say, debug() {} };
    return execPackage({ config, argv, env, logger, ...(target && { target }) });
  };
  const prebuildify = ['prebuildify', '--napi', '-t', process.versions.node];

  beforeAll(async () => {
    root = await temporaryFolder('prebuilds');
    const sources = ['addon.c', 'hot.c', 'twice.cc', 'helper.c', 'two.c'].map((name) => `src/${name}`);
    await writeFiles(root, {
      ...addonSources,
      'binding.gyp': JSON.stringify({ targets: [{ target_name: 'addon', sources }] }),
      'autopass.config.json': '{"isa": "dispatch"}',
    });
    const lock = path.join(root, 'autopass.lock');
    const entries: LockEntry[] = [];
    for (const [file, target, levers] of [
      ['src/twice.cc', baselineTarget(host), {}],
      ['src/hot.c', targetName(host, 'x86-64-v3'), {}],
      ['src/hot.c', 'linux-glibc-arm64/armv8-a', { 'mtune-aarch64': 'cortex-a53' }],
    ] as const) {
      await tuned(root, { [file]: levers }, target);
      const reading = await readLock(lock, { allow: [] });
      if (reading.kind === 'ok') entries.push(...reading.lock.entries);
    }
    await writeLock(lock, { version: 1, entries });
    const packages = ['prebuildify@6.0.1', 'node-gyp-build@4.8.4'];
    const install = ['npm', 'install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    expect(await runCommand([...install, ...packages], { cwd: root })).toMatchObject({ code: 0 });
  });

  afterAll(() => rm(root, { recursive: true, force: true }));

  it('leaves a dispatcher and stripped variants where node-gyp-build looks for the addon', async () => {
    expect(await exec([...prebuildify, '--strip'])).toBe(0);
    const folder = path.join(root, 'prebuilds/linux-x64');
    const names = ['small-addon.node', 'small-addon.x86-64-v1.node', 'small-addon.x86-64-v3.node'];
    expect((await readdir(folder)).sort()).toEqual(names);
    const [addon = '', ...variants] = names.map((name) => path.join(folder, name));
    expect(await isDispatcher(addon)).toBe(true);
    for (const file of variants) expect(elfSection(await readFile(file), '.symtab')).toBeUndefined();
    const script =
      "const load = require('node-gyp-build'); console.log(load.path('.'), load('.').run(), /\\/small-addon\\.(\\S+)\\.node$/m.exec(require('fs').readFileSync('/proc/self/maps'))[1])";
    const ran = await runCommand([process.execPath, '-e', script], { cwd: root });
    expect(ran).toMatchObject({ stdout: `${addon} ${expectedRun} x86-64-v3\n` });
    const code = await runCommand(['objdump', '-d', ...variants], { cwd: root });
    expect(code.stdout.slice(code.stdout.indexOf(names[2] ?? ''))).toContain('%ymm');
    expect(lines.filter((line) => line.includes('prebuilds/linux-x64/small-addon.node'))).toHaveLength(1);
  });

  it('leaves a dispatcher and variants where another command puts the addon', async () => {
    expect(await exec(['node-gyp', 'build'])).toBe(0);
    const release = path.join(root, 'build/Release');
    const names = (await readdir(release)).filter((name) => name.endsWith('.node'));
    expect(names).toEqual(['addon.node', 'addon.x86-64-v1.node', 'addon.x86-64-v3.node']);
    expect(await isDispatcher(path.join(release, 'addon.node'))).toBe(true);
    expect(await runAddon(path.join(release, 'addon.node'))).toBe(expectedRun);
  });

  it('makes prebuilds for ARM64 with the entries of that target', async () => {
    const target = requireTarget('linux-glibc-arm64');
    expect(await exec([...prebuildify, '--arch', 'arm64'], target)).toBe(0);
    const addon = path.join(root, 'prebuilds/linux-arm64/small-addon.node');
    expect(readElf(await readFile(addon))?.machine).toBe(183);
    expect(
      lines.filter((line) => line.startsWith('prebuilds/linux-arm64/small-addon.node: AArch64')),
    ).toHaveLength(1);
    const { cc } = await testClang();
    const flags = ['-O3', '-fPIC', '-fno-omit-frame-pointer', ...tunedBaseArgs, '-mtune=cortex-a53'];
    const argv = [cc, '--target=aarch64-linux-gnu', ...flags, '-c', 'src/hot.c', '-o', 'expected.o'];
    expect(await runCommand(argv, { cwd: root })).toMatchObject({ code: 0 });
    const made = await readFile(path.join(root, 'build/Release/obj.target/addon/src/hot.o'));
    expect(made.equals(await readFile(path.join(root, 'expected.o')))).toBe(true);
    await writeFile(path.join(root, 'build.sh'), 'exit 3\n');
    expect(await exec(['sh', 'build.sh'])).toBe(3);
  });
});

import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statePaths } from '../../src/build/state.js';
import { runCommand, tuned, writeFiles } from '../build/support.js';
import {
  bindingGyp,
  build,
  compilersOf,
  expectedRun,
  makeApplyFolder,
  makePackage,
  nodeGyp,
  removePackage,
  runAddon,
} from './build-support.js';

const objects = 'build/Release/obj.target';
const rebuild = [...nodeGyp, 'rebuild', '--jobs=4'];
const again = [...nodeGyp, 'build', '--jobs=4'];
const some = { 'unroll-threshold': 500 };
let apply: string;

beforeAll(async () => {
  apply = await makeApplyFolder();
});

afterAll(() => removePackage(apply));

describe('a node-gyp package with the one-line hook', () => {
  let root: string;

  beforeAll(async () => {
    root = await makePackage('addon', apply, { 'binding.gyp': bindingGyp(true) });
    const first = await build(rebuild, root);
    expect(first.compiled).toHaveLength(8);
    expect(first.said).toEqual([]);
  });

  afterAll(() => removePackage(root));

  it('is built by the compiler of the project while there is no lock', async () => {
    expect(await compilersOf(root, [`${objects}/addon/src/hot.o`])).toEqual(['gcc']);
    expect(await runAddon(path.join(root, 'build/Release/addon.node'))).toBe(expectedRun);
    expect((await build(again, root)).compiled).toEqual([]);
  });

  it('rebuilds exactly the sources whose entry changed, in every target and in static libraries', async () => {
    await tuned(root, { 'src/hot.c': some, 'src/two.c': some });
    expect((await build(again, root)).compiled).toEqual(['hot.o', 'hot.o', 'two.o']);
    const made = [
      `${objects}/addon/src/hot.o`,
      `${objects}/second/src/hot.o`,
      `${objects}/helper/src/two.o`,
      `${objects}/addon/src/addon.o`,
    ];
    expect(await compilersOf(root, made)).toEqual(['clang', 'clang', 'clang', 'gcc']);
    expect(await runAddon(path.join(root, 'build/Release/second.node'))).toBe(expectedRun);
    expect((await build(again, root)).compiled).toEqual([]);

    await tuned(root, { 'src/hot.c': some, 'src/twice.cc': some });
    expect((await build(again, root)).compiled).toEqual(['twice.o', 'twice.o', 'two.o']);
    expect(await compilersOf(root, [`${objects}/addon/src/twice.o`, `${objects}/helper/src/two.o`])).toEqual([
      'clang',
      'gcc',
    ]);
  });

  it('applies after binding.gyp was touched, and through plain make', async () => {
    await writeFile(path.join(root, 'binding.gyp'), `${bindingGyp(true)}\n`);
    await tuned(root, { 'src/hot.c': { 'unroll-threshold': 1000 } });
    const made = await build(['make', '-C', 'build', 'BUILDTYPE=Release', '-j4'], root);
    expect(made.compiled).toContain('hot.o');
    expect(await compilersOf(root, [`${objects}/addon/src/hot.o`, `${objects}/addon/src/twice.o`])).toEqual([
      'clang',
      'gcc',
    ]);
  });

  it('survives a hostile state folder', async () => {
    const state = statePaths(root);
    await rm(state.build, { recursive: true });
    await writeFiles(state.build, {
      record: 'no folder',
      plans: 'no folder',
      'manifest.json': '{"plans":{"../../package.json":"x"}}',
    });
    await build(again, root);
    expect(await runAddon(path.join(root, 'build/Release/addon.node'))).toBe(expectedRun);
    expect(await readdir(root)).toContain('package.json');
    await rm(state.build, { recursive: true });
  });

  it('builds as stock, with one line, when clang is missing or AUTOPASS=off', async () => {
    await build(again, root);
    const without = await build(again, root, { AUTOPASS_CLANG: '/nonexistent/clang' });
    expect(without.said).toHaveLength(1);
    expect(without.said[0]).toMatch(/src\/hot\.c builds as stock: .*clang/);
    expect(without.compiled).toEqual(['hot.o', 'hot.o']);
    expect(await compilersOf(root, [`${objects}/addon/src/hot.o`])).toEqual(['gcc']);
    expect((await build(again, root)).compiled).toEqual(['hot.o', 'hot.o']);
    const off = await build(again, root, { AUTOPASS: 'off' });
    expect(off).toMatchObject({ compiled: ['hot.o', 'hot.o'], said: [] });
    expect(await compilersOf(root, [`${objects}/addon/src/hot.o`])).toEqual(['gcc']);
  });

  it('never tunes a Debug build', async () => {
    await build([...nodeGyp, 'rebuild', '--debug', '--jobs=4'], root);
    expect(await compilersOf(root, ['build/Debug/obj.target/addon/src/hot.o'])).toEqual(['gcc']);
  });
});

describe('a C package in a folder with a space in its name', () => {
  it('is hooked and tuned', async () => {
    const root = await makePackage('an addon', apply, {
      'binding.gyp': `{"targets": [{"target_name": "addon", "sources": ["src/hot.c", "src/main.c"],
        "dependencies": ["<!(node -p \\"require('./autopass').targets\\"):autopass"]}]}`,
      'src/main.c': '#include <node_api.h>\nNAPI_MODULE_INIT() { return exports; }\n',
    });
    await tuned(root, { 'src/hot.c': some });
    await build(rebuild, root);
    expect(await compilersOf(root, [`${objects}/addon/src/hot.o`, `${objects}/addon/src/main.o`])).toEqual([
      'clang',
      'gcc',
    ]);
    await removePackage(root);
  });
});

describe('a source that the build makes', () => {
  it('is tuned as long as it is the one that was tuned', async () => {
    const made = 'build/Release/obj/gen/hot.c';
    const object = ['build/Release/obj.target/copied/gen/hot.o'];
    const root = await makePackage('copied', apply, {
      'binding.gyp': `{"targets": [
        {"target_name": "copy", "type": "none", "hard_dependency": 1, "actions": [{
          "action_name": "copy", "inputs": ["src/hot.c"], "outputs": ["<(SHARED_INTERMEDIATE_DIR)/hot.c"],
          "action": ["cp", "src/hot.c", "<(SHARED_INTERMEDIATE_DIR)/hot.c"]}]},
        {"target_name": "copied", "dependencies": ["copy", "<!(node -p \\"require('./autopass').targets\\"):autopass"],
          "sources": ["<(SHARED_INTERMEDIATE_DIR)/hot.c", "src/main.c"]}]}`,
      'src/main.c': '#include <node_api.h>\nNAPI_MODULE_INIT() { return exports; }\n',
    });
    await build(rebuild, root);
    expect(await compilersOf(root, object)).toEqual(['gcc']);
    await tuned(root, { [made]: some });
    await rm(path.join(root, 'build'), { recursive: true });
    expect((await build(rebuild, root)).said).toEqual([]);
    expect(await compilersOf(root, object)).toEqual(['clang']);

    await writeFiles(root, { 'src/hot.c': 'int hot(const int *a, int n) { return n > 0 ? a[0] : 0; }\n' });
    expect((await build(again, root)).said).toEqual([
      expect.stringMatching(/gen\/hot\.c builds as stock: it changed since it was tuned/),
    ]);
    expect(await compilersOf(root, object)).toEqual(['gcc']);
    await removePackage(root);
  });
});

describe('ccache between the launcher and the compiler', () => {
  it('never gives the object of another configuration', async () => {
    const root = await makePackage('cached', apply, { 'binding.gyp': bindingGyp(true) });
    const env = { CC: 'ccache gcc', CXX: 'ccache g++', CCACHE_DIR: path.join(root, 'cache') };
    const hot = [`${objects}/addon/src/hot.o`];
    const seen: string[] = [];
    for (const levers of [undefined, some, undefined, some]) {
      if (levers === undefined) await rm(path.join(root, 'autopass.lock'), { force: true });
      else await tuned(root, { 'src/hot.c': levers });
      await build(seen.length === 0 ? rebuild : again, root, env);
      seen.push(...(await compilersOf(root, hot)));
    }
    expect(seen).toEqual(['gcc', 'clang', 'gcc', 'clang']);
    const statistics = await runCommand(['ccache', '--print-stats'], { cwd: root, env });
    expect(Number(/^direct_cache_hit\t(\d+)$/m.exec(statistics.stdout)?.[1])).toBeGreaterThan(0);
    await removePackage(root);
  });
});

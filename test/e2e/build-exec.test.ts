import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileArgs } from '../../src/build/compile-args.js';
import { detectBuildSystem } from '../../src/build/detect-build-system.js';
import { execEnvironment } from '../../src/build/exec-environment.js';
import { findAddonBinaries } from '../../src/build/find-binaries.js';
import { tunedBaseArgs } from '../../src/build/plan-file.js';
import { loadRecord } from '../../src/build/record.js';
import { relink } from '../../src/build/relink.js';
import { sync } from '../../src/build/sync.js';
import { silentLogger } from '../../src/log.js';
import { runCommand, testClang, tuned, writeFiles } from '../build/support.js';
import {
  type Built,
  bindingGyp,
  build,
  cmakeJs,
  cmakeLists,
  compilersOf,
  expectedRun,
  makeApplyFolder,
  makePackage,
  nodeGyp,
  removePackage,
  runAddon,
} from './build-support.js';

let apply: string;
const some = { 'unroll-threshold': 500 };

beforeAll(async () => {
  apply = await makeApplyFolder();
});

afterAll(() => removePackage(apply));

/** What `autopass exec -- <command>` does. */
async function exec(command: readonly string[], packageRoot: string): Promise<Built> {
  await sync({ packageRoot, env: process.env, logger: silentLogger });
  const buildSystem = await detectBuildSystem(packageRoot, command);
  return build(command, packageRoot, execEnvironment({ packageRoot, buildSystem, env: {}, folder: apply }));
}

describe('a node-gyp package without any edit', () => {
  let root: string;

  beforeAll(async () => {
    const gyp = nodeGyp.map((word) => JSON.stringify(word)).join(' ');
    root = await makePackage('addon', apply, { 'binding.gyp': bindingGyp(false) });
    const manifest = {
      name: 'small-addon',
      version: '1.0.0',
      scripts: { install: `${gyp} rebuild --jobs=4` },
    };
    await writeFile(path.join(root, 'package.json'), JSON.stringify(manifest));
    await exec(['npm', 'run', 'install'], root);
  });

  afterAll(() => removePackage(root));

  it('is recorded, tuned and rebuilt through exec', async () => {
    expect((await loadRecord(root)).compiles).toHaveLength(8);
    await tuned(root, { 'src/hot.c': some });
    const made = await exec([...nodeGyp, 'build', '--jobs=4'], root);
    expect(made.compiled).toEqual(['hot.o', 'hot.o']);
    expect(await compilersOf(root, ['build/Release/obj.target/addon/src/hot.o'])).toEqual(['clang']);
    expect((await exec([...nodeGyp, 'build'], root)).compiled).toEqual([]);
  });

  it('gives by recompiling and relinking what the build itself makes', async () => {
    const record = await loadRecord(root);
    const clang = await testClang();
    const into = path.join(root, 'work');
    await mkdir(into);
    const command = record.compiles.find(({ output }) => output.endsWith('addon/src/hot.o'));
    if (command === undefined) throw new Error('hot.c was not recorded');
    const object = path.join(into, 'hot.o');
    const extra = [...tunedBaseArgs, '-mllvm', '-unroll-threshold=500'];
    const compiled = await runCommand(compileArgs(command, { compiler: clang.cc, output: object, extra }), {
      cwd: command.cwd,
    });
    expect(compiled).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(object)).toEqual(await readFile(command.output));

    const helper = record.compiles.find(({ file }) => file === 'src/two.c');
    const other = path.join(into, 'two.o');
    await writeFiles(into, { 'two.c': 'int two(void) { return 1002; }\n' });
    await runCommand(['gcc', '-fPIC', '-c', 'two.c', '-o', other], { cwd: into });
    const binaries = await findAddonBinaries(record);
    const addon = binaries.find(({ loaded }) => loaded.endsWith('build/Release/addon.node'));
    const options = { output: addon?.link.output ?? '', into, shuffleSeed: 1 };
    const linked = relink(record, {
      ...options,
      replacements: new Map([
        [command.output, object],
        [helper?.output ?? '', other],
      ]),
    });
    for (const step of linked.steps)
      expect(await runCommand(step.argv, { cwd: step.cwd })).toMatchObject({ code: 0 });
    expect(await runAddon(linked.output)).toBe(expectedRun + 1000);
    expect(await runAddon(addon?.loaded ?? '')).toBe(expectedRun);
  });
});

describe('a package with a plain Makefile', () => {
  it('is tuned through exec', async () => {
    const root = await makePackage('plain', apply, {
      Makefile: 'CFLAGS = -O2 -fPIC\nall: hot.o two.o\n%.o: src/%.c\n\t$(CC) $(CFLAGS) -c $< -o $@\n',
    });
    await tuned(root, { 'src/hot.c': some });
    await exec(['make', '-j4'], root);
    expect(await compilersOf(root, ['hot.o', 'two.o'])).toEqual(['clang', 'gcc']);
    await removePackage(root);
  });
});

describe('a cmake-js package without any edit', () => {
  it('is hooked through the environment, archives included', async () => {
    const root = await makePackage('cmake', apply, { 'CMakeLists.txt': cmakeLists('') });
    await tuned(root, { 'src/hot.c': some });
    await exec([...cmakeJs, 'build'], root);
    expect(await compilersOf(root, ['build/CMakeFiles/addon.dir/src/hot.c.o'])).toEqual(['clang']);
    expect((await loadRecord(root)).links.map(({ kind }) => kind).sort()).toEqual(['archive', 'link']);
    await removePackage(root);
  });
});

describe('a two-stage entry', () => {
  it('is applied by the launcher, and the depfile still names the real object', async () => {
    const root = await makePackage('staged', apply, { 'binding.gyp': bindingGyp(false) });
    await tuned(root, { 'src/hot.c': { 'attr:no-jump-tables': { hot: 'true' } } });
    await exec([...nodeGyp, 'rebuild', '--jobs=4'], root);
    expect(await compilersOf(root, ['build/Release/obj.target/addon/src/hot.o'])).toEqual(['clang']);
    const depfile = path.join(root, 'build/Release/.deps/Release/obj.target/addon/src/hot.o.d');
    expect(await readFile(depfile, 'utf8')).toContain('Release/obj.target/addon/src/hot.o: ../src/hot.c');
    expect(await runAddon(path.join(root, 'build/Release/addon.node'))).toBe(expectedRun);
    await removePackage(root);
  });
});

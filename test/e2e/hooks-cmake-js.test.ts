import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAddonBinaries } from '../../src/build/find-binaries.js';
import { loadRecord } from '../../src/build/record.js';
import { runCommand, tuned, writeFiles } from '../build/support.js';
import {
  addonSources,
  build,
  cmakeJs,
  cmakeLists,
  compilersOf,
  expectedRun,
  makeApplyFolder,
  makePackage,
  removePackage,
  runAddon,
} from './build-support.js';

const some = { 'unroll-threshold': 500 };
const objects = 'build/CMakeFiles/addon.dir/src';
let apply: string;

beforeAll(async () => {
  apply = await makeApplyFolder();
});

afterAll(() => removePackage(apply));

describe.each(['Ninja', 'Unix Makefiles'])('a cmake-js package built with %s', (generator) => {
  const command = [...cmakeJs, 'build', '-G', generator, '--parallel', '4'];
  let root: string;

  beforeAll(async () => {
    const include = generator === 'Ninja' ? 'include(autopass/autopass.cmake)' : '';
    root = await makePackage('an addon', apply, { 'CMakeLists.txt': cmakeLists(include) });
    const option = `--CDCMAKE_PROJECT_INCLUDE=${root}/autopass/autopass.cmake`;
    const first = await build(generator === 'Ninja' ? command : [...command, option], root);
    expect(first.compiled).toHaveLength(5);
  });

  afterAll(() => removePackage(root));

  it('records compiles, archives and links', async () => {
    const record = await loadRecord(root);
    expect(record.compiles.map(({ file }) => file).sort()).toEqual(Object.keys(addonSources).slice(1).sort());
    expect(record.links.map(({ kind }) => kind).sort()).toEqual(['archive', 'link']);
    const [binary] = await findAddonBinaries(record);
    expect(await runAddon(binary?.loaded ?? '')).toBe(expectedRun);
  });

  it('notices a new lock, a changed lock and a changed source, and rebuilds only what they affect', async () => {
    expect((await build(command, root)).compiled).toEqual([]);
    await tuned(root, { 'src/hot.c': some });
    expect((await build(command, root)).compiled).toEqual(['hot.c.o']);
    expect(await compilersOf(root, [`${objects}/hot.c.o`, `${objects}/twice.cc.o`])).toEqual([
      'clang',
      'gcc',
    ]);
    expect((await build(command, root)).compiled).toEqual([]);

    await tuned(root, { 'src/hot.c': some, 'src/twice.cc': some });
    expect((await build(command, root)).compiled).toEqual(['twice.cc.o']);
    expect(await runAddon(path.join(root, 'build/Release/addon.node'))).toBe(expectedRun);

    await writeFiles(root, { 'src/hot.c': `${addonSources['src/hot.c']}int added;\n` });
    const edited = await build(command, root);
    expect(edited.compiled).toEqual(['hot.c.o']);
    expect(edited.said).toEqual([expect.stringMatching(/src\/hot\.c builds as stock: its source changed/)]);
    expect(await compilersOf(root, [`${objects}/hot.c.o`])).toEqual(['gcc']);
  });
});

describe('a CMake build folder that was configured without AutoPass', () => {
  it('is compiled again through the launcher once the include line is there', async () => {
    const root = await makePackage('addon', apply, { 'CMakeLists.txt': cmakeLists('') });
    const command = [...cmakeJs, 'build', '-G', 'Unix Makefiles'];
    await build(command, root);
    await tuned(root, { 'src/hot.c': some });
    await writeFiles(root, { 'CMakeLists.txt': cmakeLists('include(autopass/autopass.cmake)') });
    await build(command, root);
    expect(await compilersOf(root, [`${objects}/hot.c.o`])).toEqual(['clang']);
    await rm(path.join(root, 'autopass.lock'));
    expect((await runCommand(command, { cwd: root })).code).toBe(0);
    expect(await compilersOf(root, [`${objects}/hot.c.o`])).toEqual(['gcc']);
    await removePackage(root);
  });
});

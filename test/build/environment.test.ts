import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectBuildSystem } from '../../src/build/detect-build-system.js';
import { execEnvironment } from '../../src/build/exec-environment.js';
import { findAddonBinaries } from '../../src/build/find-binaries.js';
import { isUsablePath } from '../../src/build/launcher-command.js';
import { findPackageRoot } from '../../src/build/package-root.js';
import type { LinkCommand } from '../../src/build/types.js';
import { launcher, runCommand, temporaryFolder, writeFiles } from './support.js';

let root: string;

beforeEach(async () => {
  root = await temporaryFolder('environment');
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe('execEnvironment', () => {
  const state = '--state=/a b/.autopass/build';
  const launch = `sh /l/launch '${state}'`;

  it("puts the launcher before make's default tools, or those of the environment", () => {
    const options = { packageRoot: '/a b', buildSystem: 'node-gyp', folder: '/l' } as const;
    expect(execEnvironment({ ...options, env: {} })).toEqual({
      CC: `${launch} cc`,
      CXX: `${launch} g++`,
      AR: `${launch} ar`,
    });
    const env = { CC: 'ccache clang', CXX: `${launch} g++`, LINK: 'ld' };
    expect(execEnvironment({ ...options, env })).toEqual({
      CC: `${launch} ccache clang`,
      CXX: `${launch} g++`,
      AR: `${launch} ar`,
      LINK: `${launch} ld`,
    });
  });

  it('puts the launcher before the launchers that CMake already has', () => {
    const env = { CMAKE_C_COMPILER_LAUNCHER: 'ccache' };
    const variables = execEnvironment({ packageRoot: '/a b', buildSystem: 'cmake-js', folder: '/l', env });
    expect(variables.CMAKE_C_COMPILER_LAUNCHER).toBe(`sh;/l/launch;${state};ccache`);
    expect(variables.CMAKE_CXX_COMPILER_LAUNCHER).toBe(`sh;/l/launch;${state}`);
    expect(variables.npm_cmake_CMAKE_PROJECT_INCLUDE).toBe('/l/autopass.cmake');
  });

  it.each(["/it's", '/a$b', '/a"b', '/a#b', '/a;b', '/a\\b', '/a`b', '/a\nb'])(
    'refuses to write %j into build files',
    (name) => {
      expect(isUsablePath(name)).toBe(false);
      expect(() =>
        execEnvironment({ packageRoot: name, buildSystem: 'node-gyp', env: {}, folder: '/l' }),
      ).toThrow(/cannot hook/);
    },
  );

  it('has the same rule for paths as the vendored hook', () => {
    const hook = readFileSync(path.join(path.dirname(launcher), 'index.cjs'), 'utf8');
    const rule = readFileSync(new URL('../../src/build/launcher-command.ts', import.meta.url), 'utf8');
    const pattern = /= (\/\^.*\$\/u);/;
    expect(pattern.exec(hook)?.[1]).toBe(pattern.exec(rule)?.[1]);
  });
});

describe('detectBuildSystem', () => {
  it.each([
    ['the command', { 'binding.gyp': '', 'CMakeLists.txt': '' }, ['npx', 'cmake-js', 'build'], 'cmake-js'],
    ['the build file', { 'CMakeLists.txt': '' }, ['npm', 'install'], 'cmake-js'],
    [
      'the scripts when there are both build files',
      {
        'binding.gyp': '',
        'CMakeLists.txt': '',
        'package.json': '{"scripts":{"install":"cmake-js compile"}}',
      },
      [],
      'cmake-js',
    ],
    ['nothing, which means a compiler from CC and CXX', {}, ['make'], 'node-gyp'],
  ] as const)('goes by %s', async (_what, files, command, expected) => {
    await writeFiles(root, files);
    expect(await detectBuildSystem(root, command)).toBe(expected);
  });
});

describe('findPackageRoot', () => {
  it('is the nearest folder with a package.json', async () => {
    await writeFiles(root, { 'package.json': '{}', 'native/package.json': '{}', 'native/build/x': '' });
    expect(findPackageRoot(path.join(root, 'native/build'))).toBe(path.join(root, 'native'));
    expect(findPackageRoot(path.join(root, 'build'))).toBe(root);
  });
});

describe('findAddonBinaries', () => {
  const link = (output: string): LinkCommand => ({
    kind: 'link',
    cwd: path.join(root, 'build'),
    argv: [],
    output: path.join(root, output),
    inputs: [],
  });

  it.each([
    ['the copy of gyp', ['build/Release/x.node'], 'build/Release/x.node'],
    [
      'the copy of node-pre-gyp',
      ['build/Release/x.node', 'lib/binding/napi/x.node'],
      'lib/binding/napi/x.node',
    ],
    [
      'build/Release before prebuilds',
      ['build/Release/x.node', 'prebuilds/linux-x64/node.napi.node'],
      'build/Release/x.node',
    ],
    [
      'prebuilds when the copy of gyp was moved there',
      ['prebuilds/linux-x64/node.napi.node'],
      'prebuilds/linux-x64/node.napi.node',
    ],
    ['what was linked, without any copy', [], 'build/Release/obj.target/x.node'],
  ])('takes %s', async (_what, copies, loaded) => {
    await writeFiles(
      root,
      Object.fromEntries(['build/Release/obj.target/x.node', ...copies].map((name) => [name, 'same'])),
    );
    await writeFiles(root, {
      'package.json': '{}',
      'node_modules/other/x.node': 'same',
      'lib/other.node': 'diff',
    });
    const record = {
      packageRoot: root,
      compiles: [],
      links: [link('build/Release/obj.target/x.node'), link('build/gone.node')],
    };
    const found = await findAddonBinaries(record);
    expect(found.map((binary) => path.relative(root, binary.loaded))).toEqual([loaded]);
    expect(found[0]?.copies).toHaveLength(copies.length + 1);
  });

  it.each([
    ['linked there', 'native/x.node', 'build/Release/x.node', 'native/x.node'],
    ['copied there from a build folder of another name', 'out/x.node', 'lib/x.node', 'lib/x.node'],
    [
      'linked there, the build renamed',
      'prebuild/x.node',
      'build-tmp-napi-v3/Release/x.node',
      'prebuild/x.node',
    ],
  ])("takes the addon in the package's own folder, %s", async (_how, linked, copy, loaded) => {
    await writeFiles(root, { 'package.json': '{}', [linked]: 'same', [copy]: 'same' });
    const [binary] = await findAddonBinaries({ packageRoot: root, compiles: [], links: [link(linked)] });
    expect(path.relative(root, binary?.loaded ?? '')).toBe(loaded);
  });

  it('looks inside a dependency that was built', async () => {
    const files = ['package.json', 'build/Release/x.node', 'build/Release/obj.target/x.node'];
    await writeFiles(root, Object.fromEntries(files.map((name) => [`node_modules/dep/${name}`, '{}'])));
    const links = [link('node_modules/dep/build/Release/obj.target/x.node')];
    const [binary] = await findAddonBinaries({ packageRoot: root, compiles: [], links });
    expect(path.relative(root, binary?.loaded ?? '')).toBe('node_modules/dep/build/Release/x.node');
  });

  it('does not take a variant beside an addon for the addon', async () => {
    const files = ['obj.target/x.node', 'Release/x.x86-64-v1.node'];
    await writeFiles(root, { 'package.json': '{}', 'build/Release/x.node': 'dispatcher' });
    await writeFiles(root, Object.fromEntries(files.map((name) => [`build/${name}`, 'same'])));
    const links = [link('build/obj.target/x.node')];
    const [binary] = await findAddonBinaries({ packageRoot: root, compiles: [], links });
    expect(path.relative(root, binary?.loaded ?? '')).toBe('build/Release/x.node');
  });

  it.runIf(process.platform === 'linux')('knows a stripped copy of another name by its code', async () => {
    const [linked, copy] = ['build/obj.target/x.node', 'prebuilds/linux-x64/name.node'];
    await writeFiles(root, {
      'package.json': '{}',
      'x.c': 'int x(int a) { return a + 1; }\n',
      [linked]: '',
      [copy]: '',
    });
    await writeFiles(root, { 'prebuilds/linux-x64/other.node': 'other' });
    for (const argv of [
      ['cc', '-shared', '-fPIC', 'x.c', '-o', linked],
      ['strip', '--strip-all', '-o', copy, linked],
    ]) {
      expect(await runCommand(argv, { cwd: root })).toMatchObject({ code: 0 });
    }
    const [binary] = await findAddonBinaries({ packageRoot: root, compiles: [], links: [link(linked)] });
    expect(binary?.copies.map((file) => path.relative(root, file))).toEqual([copy, linked]);
  });

  it('goes by name when the copy was stripped', async () => {
    await writeFiles(root, {
      'package.json': '{}',
      'build/obj.target/x.node': 'with symbols',
      'build/Release/x.node': 'stripped',
    });
    const [binary] = await findAddonBinaries({
      packageRoot: root,
      compiles: [],
      links: [link('build/obj.target/x.node')],
    });
    expect(path.relative(root, binary?.loaded ?? '')).toBe('build/Release/x.node');
  });
});

import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAddonBinaries } from '../../src/build/find-binaries.js';
import { loadRecord } from '../../src/build/record.js';
import { elfSection } from '../../src/levers/elf-section.js';
import { readFatObject } from '../../src/levers/fat-object.js';
import type { Configuration } from '../../src/levers/types.js';
import type { Clang } from '../../src/toolchain/types.js';
import { buildPackage } from '../../src/tune/build-package.js';
import { Workspace } from '../../src/tune/workspace.js';
import { compilerOf, runCommand, testClang, tuned, writeFiles } from '../build/support.js';
import {
  build,
  cmakeJs,
  makeApplyFolder,
  makePackage,
  nodeGyp,
  removePackage,
  runAddon,
} from './build-support.js';

/** `hot.c` calls `leaf.c` of a static library, which calls a static function; `addon.c` stays with gcc. */
const files: Readonly<Record<string, string>> = {
  'src/addon.c': `#include <node_api.h>
int hot(const int *a, int n);
static napi_value run(napi_env env, napi_callback_info info) {
  int a[64];
  napi_value value;
  for (int i = 0; i < 64; i++) a[i] = i * 37;
  napi_create_double(env, hot(a, 64), &value);
  return value;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, "run", function);
  return exports;
}
`,
  'src/hot.c': `int leaf(int x, int n);
int hot(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += leaf(a[i], i); return s; }
`,
  'src/leaf.c': `static int counter;
static __attribute__((noinline)) int note(int x) { counter = x; return x & 1; }
int leaf(int x, int n) { return x & 255 ? x * n : note(x); }
`,
  'src/spare.c': 'int spare(int x) { return x + 1; }\n',
  'binding.gyp': gyp('"<!(node -p \\"require(\'./autopass\').targets\\"):autopass", '),
  'CMakeLists.txt': `cmake_minimum_required(VERSION 3.15)
project(addon C CXX)
include(autopass/autopass.cmake)
include_directories(\${CMAKE_JS_INC})
add_library(leaves STATIC src/leaf.c src/spare.c)
set_property(TARGET leaves PROPERTY POSITION_INDEPENDENT_CODE ON)
add_library(addon SHARED src/addon.c src/hot.c)
set_target_properties(addon PROPERTIES PREFIX "" SUFFIX ".node")
target_link_libraries(addon leaves)
`,
};

function gyp(hook: string): string {
  return `{"targets": [
  {"target_name": "leaves", "type": "static_library", "sources": ["src/leaf.c", "src/spare.c"]},
  {"target_name": "addon", "dependencies": [${hook}"leaves"], "sources": ["src/addon.c", "src/hot.c"]}
]}
`;
}

const lto: Configuration = { 'lto-thin': true };
const both = { 'src/hot.c': lto, 'src/leaf.c': lto };
const addon = 'build/Release/addon.node';
const expected = Array.from({ length: 64 }, (_, i) => ((i * 37) & 255 ? i * 37 * i : (i * 37) & 1)).reduce(
  (sum, value) => sum + value,
  0,
);
const make = [...nodeGyp, 'build'];
let apply: string;
let clang: Clang;

beforeAll(async () => {
  apply = await makeApplyFolder();
  clang = await testClang();
});

afterAll(() => removePackage(apply));

/** Whether the function calls nothing but the static function of the other file. */
async function isInlined(binary: string): Promise<boolean> {
  const ran = await runCommand(
    [clang.tools['llvm-objdump'] ?? 'objdump', '-d', '--disassemble-symbols=hot', binary],
    { cwd: '/' },
  );
  if (!ran.stdout.includes('<hot>:')) throw new Error(ran.stderr || 'hot is not there');
  const calls = ran.stdout.split('\n').filter((line) => /\s(?:callq?|bl)\s/.test(line));
  return calls.length > 0 && calls.every((line) => line.includes('<note'));
}

async function section(file: string, name: string): Promise<string> {
  const bytes = await readFile(file);
  const range = elfSection(bytes, name);
  if (range === undefined) throw new Error(`${file} has no ${name}`);
  return sha256(bytes.subarray(range.at, range.at + range.size));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a node-gyp package with ThinLTO among two units, one of them in an archive', () => {
  let root: string;
  const file = () => path.join(root, addon);

  beforeAll(async () => {
    root = await makePackage('an addon', apply, files);
    await tuned(root, both);
    const first = await build([...nodeGyp, 'rebuild'], root);
    expect(first.said).toEqual([]);
  });

  afterAll(() => removePackage(root));

  it('inlines across files and computes the same', async () => {
    expect(await isInlined(file())).toBe(true);
    expect(await runAddon(file())).toBe(expected);
    expect(await compilerOf(path.join(root, 'build/Release/obj.target/addon/src/addon.o'))).toBe('gcc');
  });

  it('leaves nothing of the modules in the addon and no temporary files', async () => {
    await expect(section(file(), '.autopass.thinlto')).rejects.toThrow('has no');
    expect(await readdir(path.join(root, '.autopass/build'))).not.toContainEqual(
      expect.stringContaining('thin-lto'),
    );
  });

  it('builds nothing again when nothing changed', async () => {
    const { mtimeMs } = await stat(file());
    expect((await build(make, root)).compiled).toEqual([]);
    expect((await stat(file())).mtimeMs).toBe(mtimeMs);
  });

  it('links with ThinLTO again when another source changed', async () => {
    await writeFiles(root, { 'src/addon.c': `${files['src/addon.c']}int added;\n` });
    expect((await build(make, root)).compiled).toEqual(['addon.o']);
    expect(await isInlined(file())).toBe(true);
  });

  it('takes in a changed and retuned source', async () => {
    await writeFiles(root, { 'src/leaf.c': files['src/leaf.c']?.replace('x * n', 'x * n + 1') ?? '' });
    const changed = await build(make, root);
    expect(changed.said).toEqual([expect.stringMatching(/src\/leaf\.c builds as stock: its source changed/)]);
    expect(await isInlined(file())).toBe(false);
    await tuned(root, both);
    expect((await build(make, root)).compiled).toEqual(['leaf.o']);
    expect(await isInlined(file())).toBe(true);
    expect(await runAddon(file())).toBe(expected + 63);
  });

  it('builds the unit alone again when its lever goes, and then has nothing to inline', async () => {
    await tuned(root, { 'src/hot.c': lto, 'src/leaf.c': {} });
    const without = await build(make, root);
    expect(without).toMatchObject({ compiled: ['leaf.o'], said: [] });
    expect(await isInlined(file())).toBe(false);
    expect(await runAddon(file())).toBe(expected + 63);
    await tuned(root, both);
    await build(make, root);
    expect(await isInlined(file())).toBe(true);
  });

  it('links the ordinary code, with one line, when ld.lld fails', async () => {
    const bin = await toolFolder(root, { 'ld.lld': 'echo no >&2; exit 1' });
    const failed = await build([...nodeGyp, 'rebuild'], root, { AUTOPASS_CLANG: path.join(bin, 'clang') });
    expect(failed.said).toEqual([expect.stringMatching(/addon\.node is linked without ThinLTO: .+/)]);
    expect(await isInlined(file())).toBe(false);
    expect(await runAddon(file())).toBe(expected + 63);
  });

  it('builds as stock, with one line, when ld.lld is missing', async () => {
    const bin = await toolFolder(root, {});
    const env = { AUTOPASS_CLANG: path.join(bin, 'clang'), PATH: await pathWithoutLld(root) };
    const missing = await build([...nodeGyp, 'rebuild'], root, env);
    expect(missing.said).toEqual([
      expect.stringMatching(/^autopass: src\/hot\.c, src\/leaf\.c build as stock: it needs ld\.lld of LLVM/),
    ]);
    expect(await compilerOf(path.join(root, 'build/Release/obj.target/addon/src/hot.o'))).toBe('gcc');
    expect(await runAddon(file())).toBe(expected + 63);
  });
});

/** A clang in a folder of its own, with the tools for ThinLTO but ld.lld beside it, and these scripts. */
async function toolFolder(root: string, scripts: Readonly<Record<string, string>>): Promise<string> {
  const bin = path.join(root, `tools ${Object.keys(scripts).length}`);
  const all = { clang: `exec ${clang.cc} "$@"`, 'clang++': `exec ${clang.cxx} "$@"`, ...scripts };
  await writeFiles(
    bin,
    Object.fromEntries(Object.entries(all).map(([name, text]) => [name, `#!/bin/sh\n${text}\n`])),
  );
  for (const name of Object.keys(all)) await chmod(path.join(bin, name), 0o755);
  for (const tool of ['llvm-ar', 'llvm-objcopy'] as const) {
    await symlink(clang.tools[tool] ?? tool, path.join(bin, tool));
  }
  return bin;
}

/** Everything that is on PATH but ld.lld. */
async function pathWithoutLld(root: string): Promise<string> {
  const bin = path.join(root, 'path');
  await mkdir(bin);
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (/lld/.test(name)) continue;
      await symlink(path.join(folder, name), path.join(bin, name)).catch(() => {});
    }
  }
  return bin;
}

it('applies the very code that was tuned, also in a copy of the package elsewhere', async () => {
  const { 'CMakeLists.txt': _cmake, ...others } = files;
  const root = await makePackage('addon', apply, { ...others, 'binding.gyp': gyp('') });
  const logger = { info() {}, debug() {}, warn: (line: string) => expect.fail(line) };
  const config = (packageRoot: string) => ({ packageRoot, build: undefined, clang: undefined });
  await buildPackage({ config: config(root), mode: 'stock', logger });
  const record = await loadRecord(root);
  const workspace = new Workspace({
    folder: path.join(root, '.autopass/work'),
    record,
    binaries: await findAddonBinaries(record),
    clang,
    target: { arch: process.arch === 'arm64' ? 'arm64' : 'x64', major: clang.major },
    leverPolicy: { allow: [] },
    signal: undefined,
  });
  const configurations: Record<string, Configuration> = {
    'src/hot.c': { ...lto, 'unroll-threshold': 500 },
    'src/leaf.c': lto,
  };
  const assembly = new Map();
  for (const command of record.compiles) {
    const configuration = configurations[command.file];
    if (configuration === undefined) continue;
    const outcome = await workspace.compile(command, configuration);
    if (outcome.kind !== 'compiled') throw new Error(JSON.stringify(outcome));
    assembly.set(command.output, outcome.object);
  }
  const [measured = ''] = Object.values((await workspace.variant('tuned', assembly)).binaries);
  expect(await isInlined(measured)).toBe(true);

  await tuned(root, configurations);
  await buildPackage({ config: config(root), mode: 'apply', logger });
  const built = path.join(root, addon);
  for (const name of ['.text', '.rodata', '.eh_frame', '.dynsym']) {
    expect(await section(built, name).catch(String), name).toBe(await section(measured, name).catch(String));
  }
  for (const [output, object] of assembly) expect(sha256(await readFile(output))).toBe(object.hash);

  const copy = path.join(path.dirname(root), 'a/copy of it');
  const isMade = (name: string) => ['build', '.autopass'].includes(path.basename(name));
  await cp(root, copy, { recursive: true, filter: (name) => !isMade(name) });
  await buildPackage({ config: config(copy), mode: 'apply', logger });
  expect(sha256(await readFile(path.join(copy, addon)))).toBe(sha256(await readFile(built)));
  await removePackage(root);
});

it('gives a unit without others, and a unit whose object was edited, as they are', async () => {
  const root = await makePackage('addon', apply, files);
  await tuned(root, { 'src/hot.c': lto });
  expect((await build([...nodeGyp, 'rebuild'], root)).said).toEqual([]);
  expect(await isInlined(path.join(root, addon))).toBe(false);
  expect(await runAddon(path.join(root, addon))).toBe(expected);

  const object = path.join(root, 'build/Release/obj.target/addon/src/hot.o');
  expect(readFatObject(await readFile(object))).toMatchObject({ major: clang.major });
  const edit = [clang.tools['llvm-objcopy'] ?? 'objcopy', '--redefine-sym', 'leaf=other', object];
  expect((await runCommand(edit, { cwd: root })).code).toBe(0);
  expect(readFatObject(await readFile(object))).toBeUndefined();
  await removePackage(root);
});

describe('a cmake-js package with ThinLTO', () => {
  const command = [...cmakeJs, 'build', '-G', 'Ninja'];

  it('inlines across files, the same wherever the package lies', async () => {
    const roots = [await makePackage('an addon', apply, files), await makePackage('other', apply, files)];
    const binaries: string[] = [];
    for (const root of roots) {
      await tuned(root, both);
      expect((await build(command, root)).said).toEqual([]);
      const file = path.join(root, addon);
      expect(await isInlined(file)).toBe(true);
      expect(await runAddon(file)).toBe(expected);
      binaries.push(sha256(await readFile(file)));
      expect((await build(command, root)).compiled).toEqual([]);
    }
    expect(new Set(binaries).size).toBe(1);
    for (const root of roots) await removePackage(root);
  });
});

it('is refused in tuning, with the reason, where the tools are missing', async () => {
  const workspace = new Workspace({
    folder: '/nowhere',
    record: { packageRoot: '/nowhere', compiles: [], links: [] },
    binaries: [],
    clang: { ...clang, tools: {} },
    target: { arch: 'x64', major: clang.major },
    leverPolicy: { allow: [] },
    signal: undefined,
  });
  const command = {
    kind: 'compile',
    cwd: '/',
    argv: ['gcc', '-O2', '-c', 'x.c', '-o', 'x.o'],
    compilerIndex: 0,
    language: 'c',
    source: '/x.c',
    output: '/x.o',
    file: 'x.c',
    object: 'x.o',
  } as const;
  expect(await workspace.compile(command, lto)).toMatchObject({
    kind: 'refused',
    problems: [{ id: 'lto-thin', reason: expect.stringContaining('ld.lld') }],
  });
});

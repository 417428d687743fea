import { copyFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  installDispatcher,
  isDispatcher,
  restoreAddon,
  variantFile,
} from '../../src/build/dispatch-files.js';
import type { LinkCommand } from '../../src/build/types.js';
import { readLock } from '../../src/lock/read.js';
import { writeLock } from '../../src/lock/write.js';
import { baselineTarget, detectHost, targetName } from '../../src/target/host.js';
import { buildPackage } from '../../src/tune/build-package.js';
import { compileDispatcher } from '../../src/tune/compile-dispatcher.js';
import { lockStatus } from '../../src/tune/lock-status.js';
import { runCommand, temporaryFolder, tuned, writeFiles } from '../build/support.js';
import { addonSources, bindingGyp, expectedRun, runAddon } from './build-support.js';

const host = detectHost();
const baseline = host.levels.at(-1) ?? '';
const include = path.join(path.dirname(path.dirname(process.execPath)), 'include/node');
let root: string;

/** A module of each registration style; all give the name of the file that their code stands in. */
const sources: Readonly<Record<string, string>> = {
  'own.h': `#define _GNU_SOURCE
#include <dlfcn.h>
static const char *own(void) { Dl_info info; dladdr((void *)own, &info); return info.dli_fname; }
`,
  'napi.c': `#include "own.h"
#include <node_api.h>
NAPI_MODULE_INIT() {
  napi_value name;
  napi_create_string_utf8(env, own(), NAPI_AUTO_LENGTH, &name);
  napi_set_named_property(env, exports, "file", name);
  return exports;
}
`,
  'symbol.cc': `#include "own.h"
#include <node.h>
NODE_MODULE_INIT() {
  auto isolate = v8::Isolate::GetCurrent();
  auto name = v8::String::NewFromUtf8(isolate, own()).ToLocalChecked();
  exports->Set(context, v8::String::NewFromUtf8Literal(isolate, "file"), name).Check();
}
`,
  'constructor.cc': `#include "own.h"
#include <node.h>
static void Init(v8::Local<v8::Object> exports, v8::Local<v8::Value>, v8::Local<v8::Context> context, void*) {
  auto isolate = v8::Isolate::GetCurrent();
  auto name = v8::String::NewFromUtf8(isolate, own()).ToLocalChecked();
  exports->Set(context, v8::String::NewFromUtf8Literal(isolate, "file"), name).Check();
}
NODE_MODULE_CONTEXT_AWARE(style, Init)
`,
  'load.cjs': `const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads');
const load = (file) => {
  const module = { exports: {} };
  process.dlopen(module, file);
  return require('node:path').basename(module.exports.file ?? 'nothing');
};
const inWorker = (file) => new Promise((resolve, reject) => {
  let name;
  new Worker(__filename, { workerData: file }).on('message', (value) => { name = value; }).on('error', reject).on('exit', () => resolve(name));
});
const main = async ([file, ...places]) => {
  const names = [];
  for (const place of places) names.push(place === 'main' ? load(file) : await inWorker(file));
  console.log([...new Set(names)].join(' '));
};
if (isMainThread) main(process.argv.slice(2));
else parentPort.postMessage(load(workerData));
`,
  // What a processor without AVX2 cannot run when it is compiled for one that has it.
  'sum.c': `unsigned napi_register_module_v1(const unsigned *values, unsigned count) {
  unsigned sum = 0;
  for (unsigned i = 0; i < count; i++) sum += values[i] * 3;
  return sum;
}
`,
  'host.c': `#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **arguments) {
  unsigned values[64];
  void *addon = dlopen(arguments[count - 1], RTLD_LAZY);
  unsigned (*sum)(unsigned *, unsigned) = addon ? dlsym(addon, "napi_register_module_v1") : 0;
  for (unsigned i = 0; i < 64; i++) values[i] = i;
  if (sum == 0) return 1;
  printf("%u\\n", sum(values, 64));
  char line[4096];
  for (FILE *maps = fopen("/proc/self/maps", "r"); fgets(line, sizeof line, maps);) fputs(line, stdout);
  return 0;
}
`,
};

beforeAll(async () => {
  root = await temporaryFolder('dispatch');
  await writeFiles(root, sources);
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function compile(...argv: string[]): Promise<void> {
  const ran = await runCommand(argv, { cwd: root });
  if (ran.code !== 0) throw new Error(ran.stderr);
}

/** An addon with a variant for every level, and the dispatcher in its place. */
async function dispatched(
  addon: string,
  levels: readonly string[],
  made: (level: string) => Promise<string>,
) {
  const lowest = levels.at(-1) ?? '';
  await copyFile(await made(lowest), addon);
  const dispatcher = `${addon}.dispatcher`;
  const link: LinkCommand = {
    kind: 'link',
    cwd: root,
    argv: ['g++', '-o', addon],
    output: addon,
    inputs: [],
  };
  await compileDispatcher({ link, addon, levels, output: dispatcher });
  const variants = new Map<string, string>();
  for (const level of levels.slice(0, -1)) variants.set(level, await made(level));
  await installDispatcher(addon, { baseline: lowest, variants, dispatcher });
}

async function load(addon: string, ...places: string[]): Promise<string> {
  const ran = await runCommand([process.execPath, path.join(root, 'load.cjs'), addon, ...places], {
    cwd: '/',
  });
  return ran.code === 0 ? ran.stdout.trim() : ran.stderr;
}

describe.runIf(host.os === 'linux' && host.levels.length > 1)('the dispatcher', () => {
  const best = host.levels[0] ?? '';

  it.each(['napi.c', 'symbol.cc', 'constructor.cc'])(
    'loads %s again, in workers, and after a worker closed it',
    async (source) => {
      const [style = ''] = source.split('.');
      const built = path.join(root, `${style}.so`);
      const std = source.endsWith('.cc') ? ['-std=c++17', '-w'] : [];
      await compile(
        source.endsWith('.cc') ? 'g++' : 'gcc',
        ...std,
        '-shared',
        '-fPIC',
        `-I${include}`,
        source,
        '-o',
        built,
      );
      const addon = path.join(root, `${style}.node`);
      await dispatched(addon, host.levels, async () => built);
      const expected = path.basename(variantFile(addon, best));
      expect(await load(addon, 'main', 'main', 'worker', 'worker', 'main')).toBe(expected);
      expect(await load(addon, 'worker', 'worker', 'main', 'worker')).toBe(expected);
    },
  );

  it('goes on with the next variant where one is cut off, damaged or missing, and says when none is left', async () => {
    const addon = path.join(root, 'napi.node');
    const [first = '', second = '', ...others] = host.levels.map((level) => variantFile(addon, level));
    await truncate(first, Math.floor((await stat(first)).size / 2));
    expect(await load(addon, 'main')).toBe(path.basename(second));
    for (const file of [first, second, ...others].slice(0, -1)) await writeFile(file, 'not an ELF file');
    expect(await load(addon, 'main')).toBe(path.basename(variantFile(addon, baseline)));
    await rm(variantFile(addon, baseline));
    expect(await load(addon, 'main')).toContain('missing or damaged');
  });

  it('is known by its mark when stripped, and gives way to the plain addon with its old time', async () => {
    const addon = path.join(root, 'symbol.node');
    const plain = await readFile(path.join(root, 'symbol.so'));
    const before = await stat(variantFile(addon, baseline));
    await compile('strip', addon);
    expect(await isDispatcher(addon)).toBe(true);
    expect(await load(addon, 'main')).toBe(path.basename(variantFile(addon, best)));
    await restoreAddon(addon);
    expect(await readFile(addon)).toEqual(plain);
    expect((await stat(addon)).mtimeMs).toBe(before.mtimeMs);
    expect(
      (await readdir(root)).filter((name) => name.startsWith('symbol.') && name.endsWith('.node')),
    ).toEqual(['symbol.node']);
  });
});

describe.runIf(host.os === 'linux' && host.arch === 'x64')('on processors of the emulator', () => {
  const levels = ['x86-64-v4', 'x86-64-v3', 'x86-64-v2', 'x86-64-v1'];
  let addon: string;

  beforeAll(async () => {
    addon = path.join(root, 'sum.node');
    await compile('gcc', '-O1', 'host.c', '-o', 'host');
    await dispatched(addon, levels, async (level) => {
      const march = level === 'x86-64-v1' ? [] : [`-march=${level}`];
      const built = path.join(root, `sum.${level}.so`);
      await compile('gcc', '-O3', ...march, '-shared', '-fPIC', 'sum.c', '-o', built);
      return built;
    });
  });

  const emulate = (processor: string, file: string) =>
    runCommand(['qemu-x86_64', '-cpu', processor, path.join(root, 'host'), file], { cwd: root });

  it.each([
    ['qemu64', 'x86-64-v1'],
    ['Nehalem', 'x86-64-v2'],
    ['Haswell,-xsave', 'x86-64-v2'],
    ['Haswell', 'x86-64-v3'],
    ['max', 'x86-64-v3'],
  ])('%s runs the code for %s', async (processor, level) => {
    const ran = await emulate(processor, addon);
    expect(ran.stdout).toMatch(/^6048\D/);
    const opened = levels.filter((one) => ran.stdout.includes(variantFile(addon, one)));
    expect(opened).toEqual([level]);
  });

  it('would die without the dispatcher', async () => {
    expect((await emulate('Nehalem', variantFile(addon, 'x86-64-v3'))).stderr).toContain(
      'Illegal instruction',
    );
  });
});

describe.runIf(host.levels.includes('x86-64-v3') && host.os === 'linux')(
  'a package with "isa": "dispatch"',
  () => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const logger = { info: say, warn: say, debug() {} };
    const higher = targetName(host, 'x86-64-v3');
    let packageRoot: string;
    let release: string;

    const build = async (isa: string): Promise<string[]> => {
      lines.length = 0;
      await buildPackage({
        config: { packageRoot, build: undefined, clang: undefined, isa },
        mode: 'apply',
        logger,
      });
      return (await readdir(release)).filter((name) => name.endsWith('.node'));
    };
    const usesAvx = async (file: string): Promise<boolean> =>
      (await runCommand(['objdump', '-d', path.join(release, file)], { cwd: root })).stdout.includes('%ymm');

    beforeAll(async () => {
      packageRoot = path.join(root, 'package');
      release = path.join(packageRoot, 'build/Release');
      await writeFiles(packageRoot, { ...addonSources, 'binding.gyp': bindingGyp(false) });
      const lock = path.join(packageRoot, 'autopass.lock');
      const entries = [];
      for (const [file, target] of [
        ['src/twice.cc', baselineTarget(host)],
        ['src/hot.c', higher],
      ] as const) {
        await tuned(packageRoot, { [file]: {} }, target);
        const reading = await readLock(lock, { allow: [] });
        if (reading.kind === 'ok') entries.push(...reading.lock.entries);
      }
      await writeLock(lock, { version: 1, entries });
    });

    const plain = ['addon.node', 'second.node'];
    const all = [
      'addon.node',
      'addon.x86-64-v1.node',
      'addon.x86-64-v3.node',
      'second.node',
      'second.x86-64-v1.node',
      'second.x86-64-v3.node',
    ];

    it('gets a variant for each level of the lock, and code for every processor besides', async () => {
      expect(await build('dispatch')).toEqual(all);
      expect(lines.filter((line) => line.includes('build/Release/addon.node'))).toHaveLength(1);
      expect(await Promise.all(all.slice(0, 3).map(usesAvx))).toEqual([false, false, true]);
      expect(await runAddon(path.join(release, 'addon.node'))).toBe(expectedRun);
      const status = await lockStatus(packageRoot, 'dispatch');
      expect(status).toMatchObject({ targets: [baselineTarget(host)], variants: [higher] });
      expect(status.entries.map(({ state }) => state).sort()).toEqual(['applied', 'variant']);
    });

    it('is built again without taking the dispatcher for the addon', async () => {
      const made = await stat(path.join(release, 'addon.x86-64-v1.node'));
      expect(await build('dispatch')).toEqual(all);
      const again = await stat(path.join(release, 'addon.x86-64-v1.node'));
      expect(again.mtimeMs).toBe(made.mtimeMs);
      expect(await isDispatcher(path.join(release, 'addon.x86-64-v1.node'))).toBe(false);
      expect(await runAddon(path.join(release, 'addon.node'))).toBe(expectedRun);
    });

    it('keeps the plain addon, with one line, where the variants cannot be made', async () => {
      const state = path.join(packageRoot, '.autopass/dispatch');
      await rm(state, { recursive: true });
      await writeFile(state, '');
      expect(await build('dispatch')).toEqual(plain);
      expect(lines.filter((line) => line.includes('without variants'))).toHaveLength(1);
      expect(await runAddon(path.join(release, 'addon.node'))).toBe(expectedRun);
      await rm(state);
    });

    it('goes back to one plain addon with "isa": "baseline", and to one for this machine with "host"', async () => {
      expect(await build('dispatch')).toEqual(all);
      expect(await build('baseline')).toEqual(plain);
      expect(await usesAvx('addon.node')).toBe(false);
      expect(await build('host')).toEqual(plain);
      expect(await usesAvx('addon.node')).toBe(true);
    });
  },
);

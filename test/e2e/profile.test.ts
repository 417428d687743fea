import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileArgs } from '../../src/build/compile-args.js';
import { findAddonBinaries } from '../../src/build/find-binaries.js';
import { tunedBaseArgs } from '../../src/build/plan-file.js';
import { loadRecord } from '../../src/build/record.js';
import type { CompileCommand } from '../../src/build/types.js';
import { disassemble } from '../../src/evidence/disassembly.js';
import { readElf } from '../../src/evidence/elf.js';
import type { PerfEvent } from '../../src/evidence/perf-script.js';
import { profileOfSamples } from '../../src/evidence/profile-of-samples.js';
import { profileFile, profilesFolder } from '../../src/levers/profiles.js';
import { renderConfiguration } from '../../src/levers/render.js';
import { compileTwoStage } from '../../src/levers/two-stage.js';
import type { Configuration, RenderTarget } from '../../src/levers/types.js';
import { readLock } from '../../src/lock/read.js';
import type { Clang } from '../../src/toolchain/types.js';
import { buildPackage } from '../../src/tune/build-package.js';
import { linkAddon } from '../../src/tune/link.js';
import { lockStatus } from '../../src/tune/lock-status.js';
import { installProfiles, pruneProfiles, sessionProfiles, trainSession } from '../../src/tune/profiles.js';
import { type TrainRequest, train } from '../../src/tune/train.js';
import { compileForTraining, keepProfile } from '../../src/tune/training-files.js';
import { Workspace } from '../../src/tune/workspace.js';
import { temporaryFolder, testClang, tuned, writeFiles } from '../build/support.js';

/** The bench sends almost all bytes one way; half of the work is in a static function of the file's own. */
const files: Readonly<Record<string, string>> = {
  'package.json': '{"name":"skewed","version":"1.0.0","main":"index.js"}',
  'index.js': "module.exports = require('./build/Release/skewed.node');\n",
  'binding.gyp': '{"targets": [{"target_name": "skewed", "sources": ["src/skewed.c", "src/addon.c"]}]}',
  'src/skewed.c': `#include <stddef.h>
static unsigned __attribute__((noinline)) rare(const unsigned char *bytes, size_t length, unsigned start) {
  unsigned sum = start;
  for (size_t i = 0; i < length; i++) sum = sum * 31 + (bytes[i] & 15 ? bytes[i] : sum >> 3);
  return sum;
}
static unsigned common(unsigned sum, unsigned char byte) {
  if (byte & 128) return sum ^ (byte * 7u);
  return byte & 1 ? sum + byte : sum - 2u * byte;
}
unsigned skewed(const unsigned char *bytes, size_t length) {
  unsigned sum = 0;
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == 255) sum = rare(bytes, length, sum);
    else sum = common(sum, bytes[i]);
  }
  return sum;
}
`,
  'src/addon.c': `#include <node_api.h>
unsigned skewed(const unsigned char *bytes, size_t length);
static napi_value run(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value argument, result;
  void *bytes = 0;
  napi_get_cb_info(env, info, &count, &argument, 0, 0);
  napi_get_buffer_info(env, argument, &bytes, &length);
  napi_create_uint32(env, skewed(bytes, length), &result);
  return result;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "skewed", NAPI_AUTO_LENGTH, run, 0, &function);
  napi_set_named_property(env, exports, "skewed", function);
  return exports;
}
`,
  'bench.mjs': `export default (addon, inputs) => {
  const bytes = Buffer.from(Uint8Array.from({ length: 4000 }, (_, i) => (i * (inputs === 'tune' ? 7 : 11)) % 100));
  bytes[17] = 255;
  return { skewed: () => addon.skewed(bytes) };
};
`,
  'bench.cjs': `const addon = require('.');
for (let i = 0; i < 100; i++) addon.skewed(Buffer.alloc(1000, i));
`,
};
const source = 'src/skewed.c';
const object = 'build/Release/obj.target/skewed/src/skewed.o';

const fileOf = (name: string): string => profileFile('pgo-ir', name);

let root: string;
let home: string;
let clang: Clang;
let request: TrainRequest;
let command: CompileCommand;
let profile: string;
let recounted: string;
let sampled: string;
/** As sampled on some machine. */
const sampledText = `rare:51514:0
 2.1: 12716
 2.2: 12716
 2.6: 12716
 3: 650
skewed:16633:0
 2.1: 2400
 3: 4233
 4: common:7483
  1: 2900
  1.1: 0
  2: 4583
`;
const said: string[] = [];
const logger = { info() {}, debug() {}, warn: (line: string) => said.push(line) };

beforeAll(async () => {
  home = await temporaryFolder('profile');
  root = path.join(home, 'skewed addon');
  await writeFiles(root, files);
  clang = await testClang();
  await buildPackage({ config: config(root), mode: 'stock', logger });
  const record = await loadRecord(root);
  const found = record.compiles.find(({ file }) => file === source);
  if (found === undefined) throw new Error('the build was not recorded');
  command = found;
  request = {
    packageRoot: root,
    bench: { kind: 'module', path: path.join(root, 'bench.mjs') },
    record,
    binaries: await findAddonBinaries(record),
    clang,
    commands: record.compiles,
    profiles: sessionProfiles(root),
    workDir: path.join(home, 'work'),
  };
  const training = await train(request);
  if (training.problem !== undefined) throw new Error(training.problem);
  profile = String(training.profiles[0]?.['pgo-ir']);
  recounted = String(training.profiles[1]?.['pgo-cs']);
  const file = path.join(home, 'sampled.profdata');
  await writeFile(file, sampledText);
  sampled = await keepProfile('pgo-sample', file, sessionProfiles(root));
});

afterAll(() => rm(home, { recursive: true, force: true }));

function config(packageRoot: string) {
  return { packageRoot, build: undefined, clang: undefined };
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

function target(): RenderTarget {
  return {
    arch: process.arch === 'arm64' ? 'arm64' : 'x64',
    major: clang.major,
    profiles: sessionProfiles(root),
  };
}

function workspaceWith(compiler: Clang): Workspace {
  return new Workspace({
    folder: path.join(home, 'work/variants'),
    record: request.record,
    binaries: request.binaries,
    clang: compiler,
    target: target(),
    leverPolicy: { allow: [] },
    signal: undefined,
  });
}

/** The object that tuning would measure. */
async function tunedObject(configuration: Configuration, compile = command): Promise<string> {
  const outcome = await workspaceWith(clang).compile(compile, configuration);
  if (outcome.kind !== 'compiled') throw new Error(JSON.stringify(outcome));
  return outcome.object.hash;
}

async function builtObject(packageRoot: string): Promise<string> {
  said.length = 0;
  await buildPackage({ config: config(packageRoot), mode: 'apply', logger });
  return hashOf(path.join(packageRoot, object));
}

it('keeps profiles under their hashes; each changes the code', async () => {
  const files = [profile, recounted, sampled].map(fileOf).sort();
  expect((await readdir(sessionProfiles(root))).sort()).toEqual(files);
  for (const name of [profile, recounted, sampled]) {
    expect(await hashOf(path.join(sessionProfiles(root), fileOf(name)))).toBe(name);
  }
  const plain = await tunedObject({});
  const once = await tunedObject({ 'pgo-ir': profile });
  const twice = await tunedObject({ 'pgo-cs': recounted });
  const seen = await tunedObject({ 'pgo-sample': sampled });
  expect(new Set([plain, once, twice, seen]).size).toBe(4);
});

it('knows static functions by whatever path the source is named', async () => {
  const argv = command.argv.map((word) => (word === `../${source}` ? command.source : word));
  expect(argv).not.toEqual(command.argv);
  const configuration = { 'pgo-ir': profile };
  expect(await tunedObject(configuration, { ...command, argv })).toBe(await tunedObject(configuration));
});

it('gives the tuned object in the package’s build and in a copy of the package elsewhere', async () => {
  await tuned(root, { [source]: { 'pgo-ir': profile } });
  const reading = await readLock(path.join(root, 'autopass.lock'), { allow: [] });
  if (reading.kind !== 'ok') throw new Error(reading.kind);
  await writeFiles(root, { [`${profilesFolder}/${'0'.repeat(16)}.profdata`]: 'of an older lock' });
  await installProfiles(root, reading.lock);
  await pruneProfiles(root, reading.lock);
  expect(await readdir(path.join(root, profilesFolder))).toEqual(['.gitignore', fileOf(profile)]);

  const expected = await tunedObject({ 'pgo-ir': profile });
  expect(await builtObject(root)).toBe(expected);
  expect(said).toEqual([]);

  const copy = path.join(home, 'deeply/nested/copy');
  await cp(root, copy, {
    recursive: true,
    filter: (file) => !['build', '.autopass'].includes(path.basename(file)),
  });
  expect(await builtObject(copy)).toBe(expected);
});

it('publishes profiles that the package would ignore', async () => {
  await writeFiles(root, { '.gitignore': 'build\n.autopass\n*.profdata\n*.gcda\n' });
  const { stdout } = await execa('npm', ['pack', '--dry-run', '--json'], { cwd: root });
  expect(stdout).toContain(`"${profilesFolder}/${fileOf(profile)}"`);
});

it('builds as stock, with one line, when the profile is another or is gone', async () => {
  const file = path.join(root, profilesFolder, fileOf(profile));
  const good = await readFile(file);
  const altered = Buffer.from(good);
  altered.writeUInt8(altered.readUInt8(altered.length - 1) ^ 1, altered.length - 1);
  const reason = `${source} builds as stock: its profile ${profilesFolder}/${fileOf(profile)}`;

  await writeFile(file, altered);
  const stock = await builtObject(root);
  expect(said).toEqual([`${reason} is not the one that it was tuned with`]);
  await rm(file);
  expect(await builtObject(root)).toBe(stock);
  expect(said).toEqual([`${reason} is missing`]);
  expect((await lockStatus(root)).drift).toEqual([expect.stringContaining('is missing')]);
  expect(stock).not.toBe(await tunedObject({}));

  await writeFile(file, good);
  expect(await builtObject(root)).toBe(await tunedObject({ 'pgo-ir': profile }));
});

it.each(['pgo-ir', 'pgo-cs', 'pgo-sample'] as const)(
  'gives the same object in one step and in stages with %s',
  async (lever) => {
    const output = path.join(home, 'stages.o');
    const compiler = clang.cc;
    const [, ...args] = compileArgs(command, { compiler, output, extra: tunedBaseArgs });
    const used = { [lever]: { 'pgo-ir': profile, 'pgo-cs': recounted, 'pgo-sample': sampled }[lever] };
    const configuration = { ...used, 'ep:passes-ep-peephole': ['pass:sink'] };
    const rendered = renderConfiguration(configuration, { allow: [] }, target());
    if (!rendered.ok || rendered.plan.kind !== 'two-stage') throw new Error('not two stages');
    const { frontArgs, backArgs, optArgs = [] } = rendered.plan;
    // Nothing but the profile is left, so that one step can do the same.
    const onlyProfile = optArgs.filter((option) => !option.startsWith('-passes-ep'));
    expect(onlyProfile).toHaveLength(optArgs.length - 1);
    const absent = { kind: 'loop', loop: 'absent|0|00000000', metadata: 'llvm.licm.disable' } as const;
    const expected = await tunedObject(used);
    const { opt } = clang.tools;
    for (const stages of [{ optArgs: onlyProfile, hints: [] }, { hints: [] }, { hints: [absent] }]) {
      const plan = { kind: 'two-stage', frontArgs, backArgs, ...stages } as const;
      const result = await compileTwoStage({ compiler, ...(opt && { opt }), args, cwd: command.cwd, plan });
      expect(result).toMatchObject({ ok: true, stderr: '' });
      expect(await hashOf(output), Object.keys(stages).join()).toBe(expected);
    }
  },
);

it('asks the verifier about every pass of a pipeline with insertions', async () => {
  const inserted = { 'ep:passes-ep-peephole': ['pass:sink'], 'pgo-ir': profile };
  expect(await workspaceWith(clang).isSound(command, inserted)).toBe(true);
  const failing = { ...clang, tools: { ...clang.tools, opt: '/bin/false' } };
  expect(await workspaceWith(failing).isSound(command, inserted)).toBe(false);
  expect(await workspaceWith(failing).isSound(command, { 'pgo-ir': profile })).toBe(true);
});

it('trains with a bench that is a command, and once where twice would take too long', async () => {
  const bench = { kind: 'command', command: [process.execPath, 'bench.cjs'] } as const;
  const profiles = path.join(home, 'of-command');
  expect(await train({ ...request, bench, profiles, recountWithinMs: 0 })).toEqual({
    profiles: [{ 'pgo-ir': expect.any(String) }],
    problem: expect.stringMatching(/^a training takes \d+ s, too long for a second$/),
  });
  expect(await readdir(profiles)).toHaveLength(1);
});

it('makes a profile of samples, and refuses few ones and such as contradict each other', async () => {
  const folder = path.join(home, 'line-tables');
  const binaries = await linkAddon(request.record, request.binaries, {
    replacements: await compileForTraining({ commands: [command] }, clang, folder, () => [
      '-O3',
      '-gline-tables-only',
      '-fdebug-info-for-profiling',
    ]),
    into: path.join(folder, 'addon'),
  });
  const [file = ''] = Object.values(binaries);
  const image = readElf(await readFile(file));
  const code = await disassemble(file, new Set(['skewed']), clang);
  const entry = image?.functions.find(({ name }) => name === 'skewed');
  if (image === undefined || entry === undefined || code.kind !== 'read') throw new Error('no code');
  const start = 0x7f00_0000_0000;
  const mapping = { pid: 7, start, size: 0x100_0000, fileOffset: 0, path: file };
  const offsets = code.functions.get('skewed')?.map(({ offset }) => offset) ?? [];
  const segment = image.segments.find(
    ({ address, fileSize }) => entry.address >= address && entry.address < address + fileSize,
  );
  const events = (times: number, at: readonly number[]): PerfEvent[] => [
    { kind: 'mapping', mapping },
    ...at.flatMap((offset) => {
      const address = start + entry.address + offset + (segment?.offset ?? 0) - (segment?.address ?? 0);
      const event = { kind: 'sample', sample: { pid: 7, address, symbol: 'skewed', path: file } } as const;
      return Array.from({ length: times }, () => event);
    }),
  ];
  const symbolizer = clang.tools['llvm-symbolizer'] ?? '';
  const read = (seen: PerfEvent[]) => profileOfSamples({ files: [file], events: seen, clang, symbolizer });
  const even = await read(events(50, offsets));
  expect(even.ok && even.text).toMatch(/^skewed:\d+:5000\n/);
  expect(even.ok && even.text).toMatch(/\n 4: common:\d+\n {2}1: 5000\n/);
  const reason = `only ${offsets.length} samples fell into the hot files, 500 are needed`;
  expect(await read(events(1, offsets))).toEqual({ ok: false, reason });
  // Nothing can run in the middle only.
  const middle = offsets.slice(offsets.length >> 1).slice(0, 1);
  expect(await read(events(500, middle))).toMatchObject({ reason: expect.stringContaining('contradict') });
});

it('samples a real run of the bench where nothing can be counted, and goes on with what that gave', async () => {
  const { 'llvm-profdata': _, ...tools } = clang.tools;
  const uncounted = { ...request, clang: { ...clang, tools } };
  const { profiles, problem } = await trainSession([], uncounted);
  expect(problem).toMatch(/^llvm-profdata of LLVM \d+ was not found/);
  // A throttled machine may give too few samples for a profile.
  if (profiles.length === 0) expect(problem).toMatch(/; no sampled profile: (only \d+ samples|\d+ % of)/);
  else expect(profiles).toEqual([{ 'pgo-sample': expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  expect(await trainSession([{ type: 'profiles', profiles }], uncounted)).toEqual({ profiles });
});

it('says why there is no profile and leaves nothing behind', async () => {
  const profiles = path.join(home, 'none');
  const without = { ...clang, tools: {} };
  expect(await train({ ...request, clang: without, profiles })).toMatchObject({
    profiles: [],
    problem: expect.stringContaining('llvm-profdata'),
  });
  const failing = { kind: 'command', command: [process.execPath, '-e', 'process.exit(3)'] } as const;
  expect(await train({ ...request, bench: failing, profiles })).toEqual({
    profiles: [],
    problem: 'the instrumented bench exits with 3',
  });
  const idle = { kind: 'command', command: [process.execPath, '-e', 'require(".")'] } as const;
  expect(await train({ ...request, bench: idle, commands: [command], profiles })).toEqual({
    profiles: [],
    problem: 'the bench ran none of the instrumented code',
  });
  expect(await readdir(profiles).catch(() => [])).toEqual([]);
});

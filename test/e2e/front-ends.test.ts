import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CompileCommand } from '../../src/build/types.js';
import type { Configuration } from '../../src/levers/types.js';
import { findClangs } from '../../src/toolchain/find-clang.js';
import type { Clang } from '../../src/toolchain/types.js';
import { FrontEnds } from '../../src/tune/front-ends.js';
import { type CompileOutcome, Workspace } from '../../src/tune/workspace.js';

const source = `
#include <algorithm>
#include <vector>
static int twice(int x) { return 2 * x; }
extern "C" int work(const int *values, int count) {
  std::vector<int> sorted(values, values + count);
  std::sort(sorted.begin(), sorted.end());
  int sum = 0;
  for (int value : sorted) sum += value > 7 ? twice(value) : -value;
  return sum;
}
`;

let folder = '';
let clang: Clang;
let command: CompileCommand;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'autopass-front-ends-'));
  const found = (await findClangs()).find(({ vendor, major }) => vendor === 'llvm' && major >= 16);
  if (found === undefined) throw new Error('these tests need clang 16 or newer');
  clang = found;
  const [file, output] = ['work.cc', path.join(folder, 'work.o')];
  writeFileSync(path.join(folder, file), source);
  command = {
    kind: 'compile',
    argv: ['c++', '-g', '-O2', '-fPIC', '-MMD', '-MF', 'work.d', '-c', file, '-o', output],
    ...{ cwd: folder, compilerIndex: 0, language: 'c++', source: path.join(folder, file), output },
    ...{ file, object: output },
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function workspace(frontEnds?: FrontEnds): Workspace {
  return new Workspace({
    folder: path.join(folder, 'work'),
    record: { packageRoot: folder, compiles: [command], links: [] },
    binaries: [],
    clang,
    target: { arch: process.arch === 'arm64' ? 'arm64' : 'x64', major: clang.major },
    leverPolicy: { allow: [] },
    signal: undefined,
    ...(frontEnds && { frontEnds }),
  });
}

function hash(outcome: CompileOutcome): string {
  if (outcome.kind !== 'compiled') throw new Error(JSON.stringify(outcome));
  return outcome.object.hash;
}

const configurations: Configuration[] = [
  {},
  { 'inline-threshold': 1000 },
  { 'unroll-threshold': 2000, 'enable-misched': false },
  { 'fno-unroll-loops': true, 'inline-threshold': 50 },
  { 'attr:noinline': ['_ZL5twicei'] },
];

it('makes the object of one step, byte for byte', async () => {
  const frontEnds = new FrontEnds(path.join(folder, 'front-ends'));
  const [staged, oneStep] = [workspace(frontEnds), workspace()];
  const hashes = await Promise.all(
    configurations.map(async (configuration) => hash(await staged.compile(command, configuration))),
  );
  expect(new Set(hashes).size).toBeGreaterThan(3);
  for (const [index, configuration] of configurations.entries()) {
    expect(hash(await oneStep.compile(command, configuration))).toBe(hashes[index]);
    expect(hash(await staged.asBuilt(command, configuration))).toBe(hashes[index]);
  }
});

it('runs the front end once for configurations of LLVM alone', async () => {
  const frontEnds = new FrontEnds(path.join(folder, 'front-ends'));
  const staged = workspace(frontEnds);
  await staged.compile(command, {});
  rmSync(command.source);
  expect((await staged.compile(command, { 'inline-threshold': 1000 })).kind).toBe('compiled');
  expect((await staged.compile(command, { 'fno-unroll-loops': true })).kind).toBe('failed');
  expect(readdirSync(path.join(folder, 'front-ends'))).toHaveLength(1);
  writeFileSync(command.source, source);
  const again = await staged.compile(command, { 'fno-unroll-loops': true, 'inline-threshold': 50 });
  expect(again.kind).toBe('compiled');
});

it('compiles as builds do where two stages make something else', async () => {
  const frontEnds = new FrontEnds(path.join(folder, 'front-ends'));
  const staged = workspace(frontEnds);
  const plain = hash(await staged.compile(command, {}));
  // What was kept is of another source.
  writeFileSync(command.source, source.replace('7', '9'));
  const built = hash(await staged.asBuilt(command, {}));
  expect(built).not.toBe(plain);
  expect(hash(await staged.compile(command, {}))).toBe(built);
  expect(hash(await workspace().compile(command, {}))).toBe(built);
});

it('compiles in one step what is not a source by its name', async () => {
  const file = path.join(folder, 'work.inc');
  writeFileSync(file, source);
  const argv = ['c++', '-O2', '-fPIC', '-x', 'c++', '-c', file, '-o', command.output];
  command = { ...command, argv, file: 'work.inc', source: file };
  const staged = workspace(new FrontEnds(path.join(folder, 'front-ends')));
  const configuration = { 'inline-threshold': 1000 };
  expect(hash(await staged.compile(command, configuration))).toBe(
    hash(await workspace().compile(command, configuration)),
  );
});

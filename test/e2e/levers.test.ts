import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalogue } from '../../src/levers/catalogue.js';
import { checkConfiguration } from '../../src/levers/check.js';
import { listLoops } from '../../src/levers/loops.js';
import { renderConfiguration } from '../../src/levers/render.js';
import { compileTwoStage, readSourceFile } from '../../src/levers/two-stage.js';
import type { CompilePlan, Configuration, LeverPolicy, RenderTarget } from '../../src/levers/types.js';
import { findClangs } from '../../src/toolchain/find-clang.js';
import type { Clang } from '../../src/toolchain/types.js';

const nothing: LeverPolicy = { allow: [] };
const quiet = ['-O3', '-Qunused-arguments', '-Wno-error', '-Wno-unknown-warning-option'];
const x64 = process.arch === 'x64';

let folder = '';
let clang: Clang;
let target: RenderTarget;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autopass-levers-'));
  const found = (await findClangs()).find((one) => one.vendor === 'llvm' && one.major >= 16);
  if (found === undefined) throw new Error('these tests need clang 16 or newer');
  clang = found;
  target = { arch: x64 ? 'x64' : 'arm64', major: found.major };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function planOf(configuration: Configuration): CompilePlan {
  const result = renderConfiguration(configuration, nothing, target);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Compiles in one step and returns the object. */
function compile(source: string, args: readonly string[]): Buffer {
  const object = join(folder, 'one.o');
  execFileSync(clang.cc, ['-fPIC', ...quiet, ...args, '-c', source, '-o', object]);
  return readFileSync(object);
}

async function compileHinted(source: string, configuration: Configuration): Promise<Buffer> {
  const plan = planOf(configuration);
  if (plan.kind !== 'two-stage') throw new Error('one step would do');
  const object = join(folder, 'two.o');
  const args = ['-fPIC', ...quiet, '-c', source, '-o', object];
  const result = await compileTwoStage({
    compiler: clang.cc,
    ...(clang.tools.opt === undefined ? {} : { opt: clang.tools.opt }),
    args,
    cwd: folder,
    plan,
  });
  expect(result).toMatchObject({ ok: true, skipped: [] });
  return readFileSync(object);
}

function loopKeys(source: string): string[] {
  const ir = join(folder, 'loops.ll');
  const front = ['-S', '-emit-llvm', '-Xclang', '-disable-llvm-passes', '-gline-tables-only'];
  execFileSync(clang.cc, ['-fPIC', '-O3', ...front, source, '-o', ir]);
  return listLoops(readFileSync(ir, 'latin1'), readSourceFile).map(({ key }) => key);
}

/** Allowed one-step levers with their first value, packed into as few legal configurations as possible. */
function batches(): Configuration[] {
  const made: Configuration[] = [];
  for (const lever of catalogue.values()) {
    const value =
      lever.shape === 'functions' ? ['sum'] : lever.shape === 'scalar' ? lever.values[0] : undefined;
    if (value === undefined || !checkConfiguration({ [lever.id]: value }, nothing, target).ok) continue;
    const room = made.findIndex(
      (one) => checkConfiguration({ ...one, [lever.id]: value }, nothing, target).ok,
    );
    const extended = { ...made[room], [lever.id]: value };
    if (room === -1) made.push(extended);
    else made[room] = extended;
  }
  return made;
}

test('clang takes every allowed lever: exit 0, an object, and not a word', () => {
  const source = write(
    'tiny.c',
    '#include <string.h>\nint sum(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }\n' +
      'int pick(const char *p, int k) { switch (k) { case 0: return 7; case 1: return 5; case 2: return 9; case 3: return 2; }\n' +
      '  return memcmp(p, "abc", 3); }\n',
  );
  const all = batches();
  expect(all.flatMap((one) => Object.keys(one)).length).toBeGreaterThan(250);
  for (const [index, configuration] of all.entries()) {
    const plan = planOf(configuration);
    const object = join(folder, `batch${index}.o`);
    const args = [...quiet, ...(plan.kind === 'flags' ? plan.args : []), '-fPIC', '-c', source, '-o', object];
    const result = spawnSync(clang.cc, args, { encoding: 'utf8' });
    expect({ status: result.status, stderr: result.stderr }).toEqual({ status: 0, stderr: '' });
    expect(statSync(object).size).toBeGreaterThan(0);
  }
});

test('a string attribute written into the IR does what the flag for the whole file does', async () => {
  const cases = Array.from({ length: 12 }, (_, i) => `case ${i}: return a(${i * i});`).join(' ');
  const source = write('jump.c', `int a(int);\nint pick(int k) { switch (k) { ${cases} }\n return 0; }\n`);
  const hinted = await compileHinted(source, { 'attr:no-jump-tables': { pick: 'true' } });
  expect(hinted.equals(compile(source, []))).toBe(false);
  expect(hinted.equals(compile(source, ['-fno-jump-tables']))).toBe(true);
});

test('a loop hint does what the pragma in the source does, and leaves no debug information', async () => {
  const body = (pragma: string) =>
    `void scale(float *a, int n) {\n  for (int j = 0; j < n; j++)\n${pragma}    for (int i = 0; i < n; i += a[i] > 0 ? 1 : 2) a[i] *= 3;\n}\n`;
  const source = write('loop.c', body(''));
  const key = loopKeys(source)[1] ?? 'missing';
  expect(key).toMatch(/^scale\|0\.0\|[0-9a-f]{8}$/);
  const hinted = await compileHinted(source, { 'md:llvm.loop.unroll.count': { [key]: 4 } });
  const plain = compile(source, []);
  const pragma = compile(write('loop.c', body('#pragma clang loop unroll_count(4)\n')), []);
  expect(hinted.equals(plain)).toBe(false);
  expect(hinted.equals(pragma)).toBe(true);
});

test('a forced vector width keeps strict sums as they are; without its guard it would not', async () => {
  const source = write(
    'sum.c',
    '#include <stdio.h>\n__attribute__((noinline)) float sum(const float *a, int n) {\n  float s = 0;\n' +
      '  for (int i = 0; i < n; i++) s += a[i];\n  return s;\n}\n' +
      'int main(void) { static float a[1000]; for (int i = 0; i < 1000; i++) a[i] = 1.0f / (i + 1); printf("%a\\n", sum(a, 1000)); }\n',
  );
  const outcome = (object: Buffer) => {
    const program = join(folder, 'sum');
    writeFileSync(`${program}.o`, object);
    execFileSync(clang.cc, [`${program}.o`, '-o', program]);
    return execFileSync(program, { encoding: 'utf8' });
  };
  const expected = outcome(compile(source, []));
  const plan = planOf({ 'force-vector-width': 4 });
  expect(outcome(compile(source, plan.kind === 'flags' ? plan.args : []))).toBe(expected);
  expect(outcome(compile(source, ['-mllvm', '-force-vector-width=4']))).not.toBe(expected);
  const key = loopKeys(source).find((one) => one.startsWith('sum|')) ?? 'missing';
  const hinted = await compileHinted(source, {
    'md:llvm.loop.vectorize.width': { [key]: 4 },
    'md:llvm.loop.vectorize.enable': { [key]: true },
  });
  expect(outcome(hinted)).toBe(expected);
});

test('opt takes every allowed pass at every place that the catalogue lets it stand', async () => {
  const opt = clang.tools.opt;
  if (opt === undefined) throw new Error('this test needs opt');
  const source = write(
    'passes.c',
    'int sum(const int *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }\n',
  );
  const passes = [...catalogue.values()].filter((one) => one.shape === 'pass' && one.gate === 'allowed');
  const places = [...catalogue.values()].filter((one) => one.shape === 'passes');
  const configuration: Record<string, string[]> = {};
  for (const place of places) {
    const fitting = passes
      .map(({ id }) => id)
      .filter((id) => checkConfiguration({ [place.id]: [id] }, nothing, target).ok);
    if (fitting.length > 0) configuration[place.id] = fitting;
  }
  expect(Object.keys(configuration).length).toBe(8);
  const object = await compileHinted(source, configuration);
  expect(object.length).toBeGreaterThan(0);
});

test('a comparison that reaches a sort through a pointer is inlined by inlining again, a switch of equal cases is a table by early sinking', async () => {
  const sort = write(
    'sort.cc',
    '#include <algorithm>\n#include <vector>\nnamespace { struct Node { int count; short left, right; };\n' +
      'bool less(const Node &a, const Node &b) { return a.count == b.count ? a.left > b.left : a.count < b.count; } }\n' +
      'int build(std::vector<int> &counts) {\n  std::vector<Node> tree;\n' +
      '  for (int one : counts) tree.push_back({one, short(tree.size()), 0});\n' +
      '  std::sort(tree.begin(), tree.end(), less);\n  return tree.empty() ? 0 : tree[0].left;\n}\n',
  );
  const calls = (object: Buffer) => instructions(object, /\bcallq? +\*%|\bblr\b/);
  expect(calls(compile(sort, []))).toBeGreaterThan(0);
  expect(calls(await compileHinted(sort, { 'ep:passes-ep-optimizer-early': ['pass:inline-again'] }))).toBe(0);

  const skip = write(
    'skip.c',
    'void text(int);\nstruct reader { const unsigned char *at; unsigned pos; };\nvoid read(struct reader *r, unsigned size) {\n' +
      '  while (r->pos < size) {\n    unsigned char token = r->at[r->pos++], kind = token & 31;\n' +
      '    if (token >> 5 == 3) { text(kind); continue; }\n    switch (kind) {\n' +
      '      case 24: r->pos++; break;\n      case 25: r->pos += 2; break;\n      case 26: r->pos += 4; break;\n' +
      '      case 27: r->pos += 8; break;\n    }\n  }\n}\n',
  );
  const jumps = (object: Buffer) => instructions(object, /\bjmpq? +\*%|\bbr\b/);
  const plan = planOf({ 'sink-common-insts': true });
  expect(jumps(compile(skip, []))).toBe(1);
  expect(jumps(compile(skip, plan.kind === 'flags' ? plan.args : []))).toBe(0);
});

/** How many instructions of an object look so. */
function instructions(object: Buffer, pattern: RegExp): number {
  const file = join(folder, 'counted.o');
  writeFileSync(file, object);
  const text = execFileSync('objdump', ['-d', '--no-show-raw-insn', file], { encoding: 'utf8' });
  return text.split('\n').filter((line) => pattern.test(line)).length;
}

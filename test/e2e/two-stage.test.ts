import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileTwoStage, type TwoStageRequest } from '../../src/levers/two-stage.js';
import { findClangs } from '../../src/toolchain/find-clang.js';
import type { Clang } from '../../src/toolchain/types.js';

type Plan = TwoStageRequest['plan'];

/** Nothing is edited; the back end, `opt`, or an IR with borrowed line tables is in between. */
const emptyPlans: readonly (readonly [string, Plan])[] = [
  ['through the back end', { kind: 'two-stage', frontArgs: [], backArgs: [], hints: [] }],
  ['through opt', { kind: 'two-stage', frontArgs: [], optArgs: [], backArgs: [], hints: [] }],
  [
    'through IR with line tables',
    {
      kind: 'two-stage',
      frontArgs: [],
      backArgs: [],
      hints: [{ kind: 'loop', loop: 'absent|0|00000000', metadata: 'llvm.licm.disable' }],
    },
  ],
];

let folder = '';
let clang: Clang;
let opt = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'autopass-two-stage-'));
  const found = (await findClangs()).find((one) => one.tools.opt !== undefined);
  if (found?.tools.opt === undefined) throw new Error('these tests need clang and opt');
  clang = found;
  opt = found.tools.opt;
  const packages = ['snappy@6.3.5', 'xxhash-addon@2.1.0'];
  execFileSync('npm', ['pack', '--silent', ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const archive of readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
    const into = join(folder, archive.split('-')[0] ?? archive);
    mkdirSync(into);
    execFileSync('tar', ['xzf', join(folder, archive), '-C', into, '--strip-components=1']);
  }
  mkdirSync(join(folder, 'build/.deps'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gypC = ['-fPIC', '-pthread', '-Wall', '-Wextra', '-Wno-unused-parameter', '-fno-omit-frame-pointer'];
const gypCxx = [...gypC, '-std=gnu++17', '-fno-rtti', '-fno-exceptions', '-fno-strict-aliasing'];
const snappy = 'snappy/deps/snappy';
const units = {
  'xxhash.c': ['xxhash/xxHash/xxhash.c', gypC],
  'snappy.cc': [
    `${snappy}/snappy-1.1.7/snappy.cc`,
    [
      ...gypCxx,
      `-I../${snappy}/snappy-1.1.7`,
      '-I',
      `../${snappy}/linux/generic`,
      '-DNDEBUG',
      '-DHAVE_CONFIG_H',
    ],
  ],
} as const satisfies Record<string, readonly [string, readonly string[]]>;

test.each<[keyof typeof units, readonly string[]]>([
  ['xxhash.c', ['-O2', '-fno-unroll-loops']],
  ['snappy.cc', ['-g', '-O3', '-fno-vectorize', '-fno-slp-vectorize']],
])(
  '%s with %j gives the same object and the same dependencies in one step and in stages',
  async (name, level) => {
    const [source, flags] = units[name];
    const compiler = name.endsWith('.cc') ? clang.cxx : clang.cc;
    const cwd = join(folder, 'build');
    const args = ['-o', 'unit.o', `../${source}`, ...flags, ...level, '-MMD', '-MF', '.deps/unit.d', '-c'];
    execFileSync(compiler, args, { cwd, stdio: ['ignore', 'ignore', 'ignore'] });
    const object = readFileSync(join(cwd, 'unit.o'));
    const dependencies = readFileSync(join(cwd, '.deps/unit.d'), 'utf8');
    expect(dependencies).toMatch(/^unit\.o:/);

    for (const [how, plan] of emptyPlans) {
      rmSync(join(cwd, 'unit.o'));
      rmSync(join(cwd, '.deps/unit.d'));
      const result = await compileTwoStage({ compiler, opt, args, cwd, plan });
      expect(result, how).toMatchObject({ ok: true });
      expect(readFileSync(join(cwd, 'unit.o')).equals(object), how).toBe(true);
      expect(readFileSync(join(cwd, '.deps/unit.d'), 'utf8'), how).toBe(dependencies);
      expect(readdirSync(cwd).sort()).toEqual(['.deps', 'unit.o']);
    }
  },
);

function small(plan: Partial<Plan>, more: Partial<TwoStageRequest> = {}) {
  const cwd = join(folder, 'small');
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'a.c'), 'int twice(int a) { return 2 * a; }\n');
  const request: TwoStageRequest = {
    compiler: clang.cc,
    opt,
    args: ['-O3', '-c', 'a.c', '-o', 'a.o'],
    cwd,
    plan: { kind: 'two-stage', frontArgs: [], backArgs: [], hints: [], ...plan },
    ...more,
  };
  return { cwd, result: compileTwoStage(request) };
}

test.each<[string, string, Partial<Plan>, Partial<TwoStageRequest>]>([
  ['the front end', 'front end', { frontArgs: ['-fno-such-flag'] }, {}],
  ['opt', 'opt', { optArgs: ['-passes-ep-peephole=no-such-pass'] }, {}],
  ['the back end', 'back end', { backArgs: ['-mllvm', '-no-such-option=1'] }, {}],
  ['a missing compiler', 'front end', {}, { compiler: '/nonexistent/clang' }],
  ['a command of two sources', 'arguments', {}, { args: ['-c', 'a.c', 'b.c', '-o', 'a.o'] }],
])(
  'a failure of %s is told, keeps the old object and leaves nothing behind',
  async (_, stage, plan, more) => {
    const cwd = join(folder, 'small');
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'a.o'), 'old');
    const { result } = small(plan, more);
    expect(await result).toMatchObject({ ok: false, stage });
    expect(readFileSync(join(cwd, 'a.o'), 'utf8')).toBe('old');
    expect(readdirSync(cwd).sort()).toEqual(['a.c', 'a.o']);
  },
);

test('a stage that takes too long is ended', async () => {
  const { result } = small({}, { timeoutMs: 1 });
  expect(await result).toMatchObject({
    ok: false,
    stage: 'front end',
    stderr: expect.stringContaining('too long'),
  });
});

test('a missing folder for the object is a failure, not an exception', async () => {
  const { cwd, result } = small({}, { args: ['-O3', '-c', 'a.c', '-o', 'none/a.o'] });
  expect(await result).toMatchObject({ ok: false, stage: 'files' });
  expect(existsSync(join(cwd, 'none'))).toBe(false);
});

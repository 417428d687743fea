import { expect, test } from 'vitest';
import { renderConfiguration } from '../../src/levers/render.js';
import type { Configuration, RenderTarget } from '../../src/levers/types.js';

const x64: RenderTarget = { arch: 'x64', major: 19 };

function plan(configuration: Configuration, allow: readonly string[] = [], target = x64) {
  const result = renderConfiguration(configuration, { allow }, target);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function args(configuration: Configuration, allow: readonly string[] = []): string {
  const made = plan(configuration, allow);
  if (made.kind !== 'flags') throw new Error('two stages');
  return made.args.join(' ');
}

test('the empty configuration adds nothing', () => {
  expect(plan({})).toEqual({ kind: 'flags', args: [] });
});

test('flags, options and features become separate arguments', () => {
  expect(
    args({
      'mprefer-vector-width': 256,
      'fno-vectorize': true,
      'slp-threshold': -7,
      'x86-tune-fast-gather': '-',
      'mno-gather': '-mno-scatter',
    }),
  ).toBe(
    '-fno-vectorize -mprefer-vector-width=256 -mno-scatter -Xclang -target-feature -Xclang -fast-gather -mllvm -slp-threshold=-7',
  );
});

test('an inline threshold keeps the limit of cold functions unless the configuration sets it', () => {
  expect(args({ 'inline-threshold': 400 })).toBe(
    '-mllvm -inline-threshold=400 -mllvm -inlinecold-threshold=45',
  );
  expect(args({ 'inline-threshold': 400, 'inlinecold-threshold': 100 })).toBe(
    '-mllvm -inline-threshold=400 -mllvm -inlinecold-threshold=100',
  );
});

test('a forced vector width, by option or by loop, forbids reordering of strict sums', () => {
  expect(args({ 'force-vector-width': 8 })).toContain('-hints-allow-reordering=false');
  for (const lever of ['md:llvm.loop.vectorize.width', 'md:llvm.loop.vectorize.enable']) {
    const value = lever.endsWith('width') ? 4 : true;
    expect(plan({ [lever]: { 'f|0|0123abcd': value } })).toMatchObject({
      kind: 'two-stage',
      backArgs: ['-mllvm', '-hints-allow-reordering=false'],
    });
  }
  expect(args({ 'force-vector-interleave': 4 })).not.toContain('reordering');
});

test('a higher ISA level turns contraction off unless the configuration decides it', () => {
  const of = (level: string, configuration: Configuration = {}) =>
    plan(configuration, ['ffp-contract=on'], { ...x64, level });
  expect(of('x86-64-v1')).toEqual({ kind: 'flags', args: [] });
  expect(of('x86-64-v3')).toEqual({ kind: 'flags', args: ['-march=x86-64-v3', '-ffp-contract=off'] });
  expect(of('x86-64-v3', { 'ffp-contract=on': true })).toMatchObject({
    args: expect.arrayContaining(['-march=x86-64-v3', '-ffp-contract=on']),
  });
  expect(of('x86-64-v3', { 'ep:passes-ep-peephole': ['pass:sink'] })).toMatchObject({
    frontArgs: ['-march=x86-64-v3', '-ffp-contract=off'],
    backArgs: ['-march=x86-64-v3', '-ffp-contract=off'],
  });
});

test('attributes that clang can force need no second stage', () => {
  expect(args({ 'attr:noinline': ['g', 'f', 'g'], 'attr:optnone': ['h'] })).toBe(
    '-mllvm -force-attribute=f:noinline -mllvm -force-attribute=g:noinline -mllvm -force-attribute=h:optnone -mllvm -force-attribute=h:noinline',
  );
});

test('string attributes and loop hints become edits of the IR, without opt', () => {
  const made = plan({
    'attr:prefer-vector-width': { f: '128' },
    'md:llvm.loop.unroll.count': { 'f|0|0123abcd': 4 },
    'md:llvm.loop.unroll.disable': { 'f|1|0123abcd': true },
    'fno-plt': true,
    'slp-threshold': 3,
  });
  expect(made).toEqual({
    kind: 'two-stage',
    frontArgs: ['-fno-plt'],
    backArgs: ['-fno-plt', '-mllvm', '-slp-threshold=3'],
    hints: [
      { kind: 'attribute', function: 'f', attribute: 'prefer-vector-width', value: '128' },
      { kind: 'loop', loop: 'f|0|0123abcd', metadata: 'llvm.loop.unroll.count', value: 4 },
      { kind: 'loop', loop: 'f|1|0123abcd', metadata: 'llvm.loop.unroll.disable' },
    ],
  });
});

test('inserted passes are nested as their place demands, and opt gets the LLVM options too', () => {
  const made = plan({
    'ep:passes-ep-optimizer-last': ['pass:sink', 'pass:mergefunc'],
    'ep:passes-ep-peephole': ['pass:gvn-params'],
    'min-jump-table-entries': 8,
  });
  expect(made).toMatchObject({
    kind: 'two-stage',
    optArgs: [
      '-min-jump-table-entries=8',
      '-passes-ep-peephole=gvn<pre;load-pre>',
      '-passes-ep-optimizer-last=function(sink),mergefunc',
    ],
    backArgs: ['-mllvm', '-min-jump-table-entries=8'],
  });
  expect(
    plan({ 'ep:passes-ep-vectorizer-start': ['pass:loop-bound-split'] }, ['pass:loop-bound-split']),
  ).toMatchObject({ optArgs: ['-passes-ep-vectorizer-start=loop(loop-bound-split)'] });
});

const profile = '0123456789abcdef'.repeat(4);
const useProfile = (folder: string): string[] => [
  `-fprofile-use=${folder}/0123456789abcdef.profdata`,
  '-Wno-profile-instr-out-of-date',
  '-Wno-profile-instr-unprofiled',
  '-Wno-profile-instr-missing',
  '-Wno-backend-plugin',
];
const portable = '-static-func-full-module-prefix=false';

test('a profile is read from the folder of the target, whatever that is called', () => {
  const folder = '/a $& b/profiles';
  expect(plan({ 'pgo-ir': profile, 'slp-threshold': 3 }, [], { ...x64, profiles: folder })).toEqual({
    kind: 'flags',
    args: [...useProfile(folder), '-mllvm', '-slp-threshold=3', '-mllvm', portable],
  });
});

test('in two stages opt reads the profile, and the back end where there is no opt', () => {
  const target = { ...x64, profiles: '/p' };
  const args = useProfile('/p');
  expect(plan({ 'pgo-ir': profile, 'ep:passes-ep-peephole': ['pass:sink'] }, [], target)).toEqual({
    kind: 'two-stage',
    frontArgs: args,
    optArgs: [
      '-pgo-kind=pgo-instr-use-pipeline',
      '-profile-file=/p/0123456789abcdef.profdata',
      portable,
      '-passes-ep-peephole=sink',
    ],
    backArgs: [...args, '-mllvm', portable],
    hints: [],
  });
  const hinted = plan({ 'pgo-ir': profile, 'attr:prefer-vector-width': { f: '128' } }, [], target);
  expect(hinted).toMatchObject({ frontArgs: args, backArgs: [...args, '-mllvm', portable] });
  expect(hinted).not.toHaveProperty('optArgs');
});

test('a sampled profile comes with LLVM’s inference of what the samples do not say', () => {
  const target = { ...x64, profiles: '/p' };
  const args = ['-fprofile-sample-use=/p/0123456789abcdef.profdata', '-Wno-backend-plugin'];
  const inference = '-sample-profile-use-profi';
  expect(plan({ 'pgo-sample': profile }, [], target)).toEqual({
    kind: 'flags',
    args: [...args, '-mllvm', inference],
  });
  expect(plan({ 'pgo-sample': profile, 'ep:passes-ep-peephole': ['pass:sink'] }, [], target)).toMatchObject({
    frontArgs: args,
    optArgs: [
      '-pgo-kind=pgo-sample-use-pipeline',
      '-profile-file=/p/0123456789abcdef.profdata',
      inference,
      '-passes-ep-peephole=sink',
    ],
  });
});

test('without a folder of profiles a configuration with one is refused', () => {
  expect(renderConfiguration({ 'pgo-ir': profile }, { allow: [] }, x64)).toEqual({
    ok: false,
    problems: [{ id: 'pgo-ir', reason: 'there is no folder with profiles here' }],
  });
});

test('a function name is inserted as it is, even where it looks like a replacement pattern', () => {
  expect(args({ 'attr:cold': ['a$$b$1'] })).toBe('-mllvm -force-attribute=a$$b$1:cold');
});

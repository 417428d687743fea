import { expect, test } from 'vitest';
import { debugInfo, optimisationLevel, parseCompileArgs } from '../../src/levers/command-args.js';
import { pipelineArgs } from '../../src/levers/opt-args.js';

const gyp =
  '-o Release/obj.target/x/src/x.o ../src/x.cc -DA=1 -D B -I../include -isystem /n -fPIC -Wall -std=gnu++17 -O3 -mllvm -slp-threshold=3 -MMD -MF ./Release/.deps/x.d.raw -c';

test('a node-gyp command is taken apart for the two stages', () => {
  expect(parseCompileArgs(gyp.split(' '))).toEqual({
    source: '../src/x.cc',
    output: 'Release/obj.target/x/src/x.o',
    common: '-DA=1 -D B -I../include -isystem /n -fPIC -Wall -std=gnu++17 -O3'.split(' '),
    forIr: ['-fPIC', '-O3'],
    dependencies: ['-MMD', '-MF', './Release/.deps/x.d.raw', '-MQ', 'Release/obj.target/x/src/x.o'],
    llvm: ['-slp-threshold=3'],
  });
});

test('a dependency file without a name lies beside the object, and a given target stays', () => {
  expect(parseCompileArgs(['-c', 'a.c', '-o', 'b/a.c.o', '-MD', '-MT', 't'])?.dependencies).toEqual([
    ...['-MD', '-MT', 't', '-MF', 'b/a.c.d'],
  ]);
  expect(parseCompileArgs(['-c', 'a.c', '-o', 'a.o'])?.dependencies).toEqual([]);
});

test.each([
  ['two sources', ['-c', 'a.c', 'b.c', '-o', 'a.o']],
  ['no output', ['-c', 'a.c']],
  ['an object as input', ['a.o', '-o', 'a']],
  ['an option without its value', ['-c', 'a.c', '-o', 'a.o', '-I']],
])('%s is not taken', (_, args) => {
  expect(parseCompileArgs(args)).toBeUndefined();
});

test('assembler options and the language stay where they mean something', () => {
  const parsed = parseCompileArgs('-x c++ -Wa,--noexecstack -include a.h -c a.c -oa.o'.split(' '));
  expect(parsed).toMatchObject({ output: 'a.o', forIr: ['-Wa,--noexecstack'] });
  expect(parsed?.common).toContain('-include');
});

test('the last level and the last -g count', () => {
  expect(optimisationLevel(['-O0', '-O3', '-O2'])).toBe('2');
  expect(optimisationLevel(['-Ofast'])).toBe('3');
  expect(optimisationLevel(['-O'])).toBe('1');
  expect(debugInfo(['-g', '-g0'])).toBe('none');
  expect(debugInfo(['-g0', '-gdwarf-4'])).toBe('full');
  expect(debugInfo(['-g', '-gline-tables-only'])).toBe('lines');
});

test('flags that clang keeps from the IR become options of opt', () => {
  expect(pipelineArgs(['-O3'])).toEqual(['-passes=default<O3>']);
  expect(pipelineArgs(['-g', '-O2', '-fno-vectorize'])).toEqual([
    '-passes=function(declare-to-assign),default<O2>',
    '-vectorize-loops=false',
  ]);
  expect(pipelineArgs(['-O3', '-fno-unroll-loops', '-funroll-loops'])).toEqual(['-passes=default<O3>']);
});

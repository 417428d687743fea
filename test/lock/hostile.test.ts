import { expect, test } from 'vitest';
import { maxLockSize, parseLock } from '../../src/lock/parse.js';
import type { LockReading } from '../../src/lock/types.js';
import { entry } from './entries.js';

const good = entry({ file: 'src/good.c' });

/** A lock of one good entry and one with changed fields (`undefined` removes one). */
function withChanges(changes: Record<string, unknown>): string {
  return JSON.stringify({ version: 1, entries: [{ ...entry(), ...changes }, good] });
}

function refusals(reading: LockReading): string {
  if (reading.kind !== 'ok') throw new Error(`lock is ${reading.kind}`);
  expect(reading.lock.entries).toEqual([good]);
  return reading.problems.map(({ where, reason }) => `${where} ${reason}`).join('\n');
}

const measured = entry().measured;

test.each<[string, Record<string, unknown>, string]>([
  ['a path to the parent', { file: '../other/a.c' }, 'not a path inside the package'],
  ['a parent in the middle', { file: 'src/../../a.c' }, 'not a path inside the package'],
  ['an absolute path', { file: '/etc/passwd' }, 'not a path inside the package'],
  ['a drive', { file: 'C:/a.c' }, 'not a path inside the package'],
  ['backslashes', { file: 'src\\a.c' }, 'not a path inside the package'],
  ['an empty segment', { file: 'src//a.c' }, 'not a path inside the package'],
  ['a line feed in a path', { file: 'src/a\n.c' }, 'not a path inside the package'],
  ['a null byte in a path', { file: 'src/a\0.c' }, 'not a path inside the package'],
  ['a number as path', { file: 7 }, 'not a path inside the package'],
  ['an object outside', { object: '../../x.o' }, 'as "object"'],
  ['a header outside', { includes: ['../../secret.h'] }, 'in "includes"'],
  ['headers that are no list', { includes: { length: 1 } }, 'in "includes"'],
  ['an unknown target', { target: 'linux-x64; rm -rf /' }, 'unknown target'],
  ['a target with a path', { target: 'linux-glibc-x64/../../x' }, 'unknown target'],
  ['no hash of the source', { source: 'abc' }, '"source"'],
  ['a hash of the object in capitals', { objectHash: 'B'.repeat(64) }, '"objectHash"'],
  [
    'a compiler of another vendor',
    { compiler: { vendor: 'intel', version: '12.2.0', major: 12 } },
    '"compiler"',
  ],
  [
    'levers of clang for gcc',
    { compiler: { vendor: 'gnu', version: '12.2.0', major: 12 } },
    'not those of its compiler',
  ],
  ['levers of gcc for clang', { levers: { 'gcc:O-level': '-O3' } }, 'not those of its compiler'],
  [
    'a flag smuggled into a level of gcc',
    {
      compiler: { vendor: 'gnu', version: '12.2.0', major: 12 },
      levers: { 'gcc:O-level': '-O3 -fplugin=x' },
    },
    'lever gcc:O-level takes',
  ],
  [
    'levers of both compilers',
    {
      compiler: { vendor: 'gnu', version: '12.2.0', major: 12 },
      levers: { 'gcc:O-level': '-O3', 'pgo-ir': 'a'.repeat(64) },
    },
    'lever pgo-ir',
  ],
  ['a version that is text', { compiler: { vendor: 'llvm', version: '19; x', major: 19 } }, '"compiler"'],
  [
    'a major that contradicts the version',
    { compiler: { vendor: 'llvm', version: '19.1.7', major: 22 } },
    '"compiler"',
  ],
  ['a huge number', { measured: { ...measured, speedup: 1e300 } }, '"measured"'],
  ['a negative ratio', { measured: { ...measured, vsStock: -1 } }, '"measured"'],
  ['text as a number', { measured: { ...measured, speedup: '1.1' } }, '"measured"'],
  ['an interval upside down', { measured: { ...measured, ci: [1.2, 1.1] } }, '"measured"'],
  ['a field that nobody knows', { flags: ['-fplugin=x.so'] }, 'unknown field "flags"'],
  ['a policy with spaces', { policy: 'expert\nwarning: all fine' }, '"policy"'],
  ['a model with a command', { model: { name: 'm; rm -rf /', transcript: 'a'.repeat(64) } }, '"model"'],
  ['a model without a transcript', { model: { name: 'm' } }, '"model"'],
  ['a model that holds text', { model: { name: 'm', transcript: 'a'.repeat(64), prompt: 'x' } }, '"model"'],
  ['a model as text', { model: 'm' }, '"model"'],
  ['levers as a list', { levers: ['-O3'] }, 'must be an object'],
  ['an unknown lever', { levers: { 'load-plugin': 'x.so' } }, 'lever "load-plugin" is not a lever'],
  [
    'a flag smuggled into a value',
    { levers: { 'mtune-x86': 'haswell -fplugin=x' } },
    'lever mtune-x86 takes',
  ],
  [
    'a profile outside the package',
    { levers: { 'pgo-ir': '../../../evil.profdata' } },
    'lever pgo-ir takes the SHA-256',
  ],
  ['a flag as a profile', { levers: { 'pgo-ir': '-fplugin=evil.so' } }, 'lever pgo-ir takes the SHA-256'],
  ['half of a profile’s name', { levers: { 'pgo-ir': 'a'.repeat(32) } }, 'lever pgo-ir takes the SHA-256'],
  ['an option smuggled into a name', { levers: { 'attr:noinline': ['f -load x'] } }, 'lever attr:noinline'],
  ['an opt-in lever', { levers: { 'fp:ffast-math': true } }, 'fp:ffast-math is opt-in'],
  ['a blocked lever', { levers: { 'ignore-tti-inline-compatible': true } }, 'is blocked'],
  ['a lever of another architecture', { levers: { 'mtune-aarch64': 'cortex-a53' } }, 'aarch64 only'],
  ['contradicting levers', { levers: { 'O-level-O2': true, 'O-level-Os': true } }, 'cannot be set together'],
])('an entry with %s is refused, the others stay', (_, changes, reason) => {
  const text = refusals(parseLock(withChanges(changes), 'autopass.lock'));
  expect(text).toContain('autopass.lock, entry 1');
  expect(text).toContain(reason);
});

test.each(['__proto__', 'constructor', 'prototype'])('the key %s is refused anywhere in an entry', (key) => {
  const text = withChanges({ levers: { KEY: { polluted: true } } }).replace('KEY', key);
  expect(refusals(parseLock(text, 'autopass.lock'))).toContain(`forbidden key "${key}"`);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test.each(['null', '7', '"x"', '[]', '{}'])('the entry %s is refused', (value) => {
  const text = `{"version":1,"entries":[${value},${JSON.stringify(good)}]}`;
  expect(refusals(parseLock(text, 'autopass.lock'))).toContain('autopass.lock, entry 1');
});

test('numbers that overflow to infinity are refused', () => {
  const text = withChanges({}).replace('1.08', '1e999');
  expect(refusals(parseLock(text, 'autopass.lock'))).toContain('"measured"');
});

test('deep nesting is refused without exhausting the stack', () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const text = withChanges({ levers: 'DEEP' }).replace('"DEEP"', deep);
  expect(refusals(parseLock(text, 'autopass.lock'))).toContain('nested too deeply');
});

test('of two entries for the same object the first counts', () => {
  const text = JSON.stringify({ version: 1, entries: [good, { ...good, policy: 'random' }] });
  expect(refusals(parseLock(text, 'autopass.lock'))).toContain('entry 2 (src/good.c');
});

test('what a message quotes cannot reach the terminal', () => {
  const text = withChanges({ file: '\u001b]0;owned\u0007.c', target: 'x' });
  expect(refusals(parseLock(text, 'autopass.lock')).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test.each([
  ['nothing', '', 'not valid JSON', 'restore'],
  ['half a file', JSON.stringify({ version: 1, entries: [good] }).slice(0, 200), 'not valid JSON', 'restore'],
  ['another kind of value', '[]', 'not a JSON object', 'restore'],
  ['no version', '{"entries":[]}', 'unknown version', 'restore'],
  ['a version as text', '{"version":"1","entries":[]}', 'unknown version', 'restore'],
  ['a newer version', '{"version":2,"entries":[]}', 'newer than this AutoPass', 'npm install'],
  ['no entries', '{"version":1}', 'no list "entries"', 'restore'],
  ['too much text', ' '.repeat(maxLockSize), 'larger than 4 MB', 'restore'],
  ['a prototype key on top', '{"version":1,"entries":[],"__proto__":{}}', 'forbidden key', 'restore'],
  [
    'conflict markers',
    '{\n<<<<<<< HEAD\n  "version": 1\n=======\n>>>>>>> topic\n',
    'conflict markers',
    'both sides',
  ],
])('a lock with %s is invalid and says what to do', (_, text, reason, hint) => {
  const reading = parseLock(text, 'autopass.lock');
  expect(reading).toMatchObject({ kind: 'invalid', problem: { where: 'autopass.lock' } });
  if (reading.kind !== 'invalid') return;
  expect(reading.problem.reason).toContain(reason);
  expect(reading.hint).toContain(hint);
});

test('an opt-in lever is used when the package allows it, a blocked one never', () => {
  const text = (levers: object) =>
    JSON.stringify({ version: 1, entries: [entry({ levers: levers as never })] });
  const allow = ['fp:ffast-math', 'enable-newgvn', 'enable-loopinterchange', 'pass:newgvn'];
  const read = (levers: object) => parseLock(text(levers), 'autopass.lock', { allow });
  expect(read({ 'fp:ffast-math': true })).toMatchObject({ kind: 'ok', problems: [] });
  for (const levers of [
    { 'enable-newgvn': true },
    { 'enable-loopinterchange': true },
    { 'ep:passes-ep-peephole': ['pass:newgvn'] },
  ]) {
    expect(read(levers)).toMatchObject({ lock: { entries: [] }, problems: [{ where: expect.any(String) }] });
  }
});

test('an entry may name the model and the hash of its transcript', () => {
  const model = { name: 'org/model-4.1:free', transcript: 'c'.repeat(64) };
  const reading = parseLock(JSON.stringify({ version: 1, entries: [entry({ model })] }), 'autopass.lock');
  expect(reading).toMatchObject({ kind: 'ok', lock: { entries: [{ model }] }, problems: [] });
});

test('a lock cannot allow a lever itself', () => {
  const text = JSON.stringify({
    version: 1,
    allow: ['fp:ffast-math'],
    entries: [{ ...entry(), levers: { 'fp:ffast-math': true } }, good],
  });
  expect(refusals(parseLock(text, 'autopass.lock'))).toMatch(/"allow" is ignored[\s\S]*opt-in/);
});

import { expect, test } from 'vitest';
import { checkConfiguration } from '../../src/levers/check.js';
import { configurationKey } from '../../src/levers/configuration-key.js';
import type { RenderTarget } from '../../src/levers/types.js';

const x64: RenderTarget = { arch: 'x64', major: 19 };
const arm64: RenderTarget = { arch: 'arm64', major: 19 };

function reasons(configuration: unknown, allow: readonly string[] = [], target = x64): string {
  const check = checkConfiguration(configuration, { allow }, target);
  return check.ok ? 'ok' : check.problems.map(({ id, reason }) => `${id} ${reason}`).join('\n');
}

test.each([
  ['a list instead of an object', [], 'must be an object'],
  ['nothing', null, 'must be an object'],
  ['an unknown lever', { 'load-plugin': '/tmp/x.so' }, 'is not a lever'],
  ['a prototype key', JSON.parse('{"__proto__":{"inline-threshold":100}}'), 'is not a lever'],
  ['a method of objects as lever', { toString: true }, 'is not a lever'],
  ['a flag smuggled into a value', { 'mtune-x86': 'haswell -fplugin=x' }, 'takes "generic" or'],
  ['a flag smuggled into an alternative', { 'mno-gather': '-fplugin=x' }, 'takes "-mno-gather"'],
  ['a number as text', { 'inline-threshold': '400' }, 'takes a whole number from 50 to 2000'],
  ['a number out of range', { 'inline-threshold': 1e9 }, 'takes a whole number from 50 to 2000'],
  ['a fraction', { 'inline-threshold': 100.5 }, 'takes a whole number'],
  ['not a number', { 'inline-threshold': Number.NaN }, 'takes a whole number'],
  ['a vector width that is no power of two', { 'force-vector-width': 3 }, 'takes a power of two'],
  ['text for a switch', { 'enable-pre': 'false' }, 'takes true or false'],
  ['a function name with a colon', { 'attr:cold': ['f:readnone'] }, 'is not a mangled function name'],
  ['an empty list of functions', { 'attr:cold': [] }, 'takes a list of 1 to 64'],
  ['an endless function name', { 'attr:cold': ['f'.repeat(513)] }, 'is not a mangled function name'],
  ['too many functions', { 'attr:cold': Array.from({ length: 65 }, (_, i) => `f${i}`) }, '1 to 64'],
  ['an attribute value off the list', { 'attr:tune-cpu': { f: 'native' } }, 'takes "generic"'],
  ['a processor of another architecture', { 'attr:tune-cpu': { f: 'cortex-a72' } }, 'this architecture'],
  [
    'a prototype key as function',
    { 'attr:tune-cpu': JSON.parse('{"__proto__":"haswell"}') },
    'is not a mangled',
  ],
  ['a loop key without hash', { 'md:llvm.loop.unroll.count': { 'f|0': 4 } }, 'is not a loop key'],
  ['a loop count out of range', { 'md:llvm.loop.unroll.count': { 'f|0|0123abcd': 65 } }, 'from 1 to 64'],
  ['pipeline text', { 'ep:passes-ep-peephole': ['gvn,print'] }, 'is not a lever pass:'],
  [
    'a module pass among functions',
    { 'ep:passes-ep-peephole': ['pass:mergefunc'] },
    'cannot run at this place',
  ],
  ['a pass by itself', { 'pass:sink': 'insert' }, 'cannot stand alone'],
  ['an opt-in pass', { 'ep:passes-ep-peephole': ['pass:irce'] }, 'pass:irce is opt-in'],
  ['a blocked lever', { 'enable-newgvn': true }, 'is blocked'],
  ['a lever of another architecture', { 'mtune-aarch64': 'cortex-a53' }, 'exists for aarch64 only'],
  ['a lever of another LLVM', { 'enable-early-exit-vectorization': true }, 'does not work with LLVM 19'],
  ['a feature with a comma', { 'x86-tune-fast-gather': '+,+avx2' }, 'takes "+" or "-"'],
  ['a profile outside its folder', { 'pgo-ir': `../../${'a'.repeat(58)}` }, 'takes the SHA-256 of a profile'],
  ['a profile in capitals', { 'pgo-ir': 'A'.repeat(64) }, 'takes the SHA-256'],
  ['a profile by half of its name', { 'pgo-ir': 'a'.repeat(16) }, 'takes the SHA-256'],
  ['a profile with one digit too many', { 'pgo-ir': 'a'.repeat(65) }, 'takes the SHA-256'],
  ['a line break after a profile', { 'pgo-ir': `${'a'.repeat(64)}\n` }, 'takes the SHA-256'],
  ['a list of profiles', { 'pgo-ir': ['a'.repeat(64)] }, 'takes the SHA-256'],
  ['a switch for a profile', { 'pgo-ir': true }, 'takes the SHA-256'],
])('%s is refused', (_, configuration, reason) => {
  expect(reasons(configuration)).toContain(reason);
});

test('more than 64 levers are refused at once', () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`x${i}`, 1]));
  expect(reasons(many)).toBe('levers has more than 64 levers');
});

test.each([
  [{ 'O-level-O2': true, 'O-level-Os': true }, 'cannot be set together'],
  [{ 'funroll-loops': true, 'fno-unroll-loops': true }, 'cannot be set together'],
  [{ 'hotcoldsplit-threshold': 2, 'hot-cold-split': false }, 'contradicts'],
  [{ 'attr:noinline': ['f'], 'attr:alwaysinline': ['g', 'f'] }, 'f cannot have attr:noinline as well'],
])('contradictions are refused: %j', (configuration, reason) => {
  expect(reasons(configuration)).toContain(reason);
});

test('levers that agree about an option go together', () => {
  expect(reasons({ 'hotcoldsplit-threshold': 2, 'hot-cold-split': true })).toBe('ok');
  expect(reasons({ 'attr:noinline': ['f'], 'attr:alwaysinline': ['g'] })).toBe('ok');
});

test('wrong-code levers are blocked on old compilers and opt-in on new ones', () => {
  const old = reasons({ 'enable-loopinterchange': true });
  const fresh = reasons({ 'enable-loopinterchange': true }, [], { arch: 'x64', major: 22 });
  expect(old).toContain('is blocked with LLVM 19');
  expect(fresh).toContain('is opt-in');
  expect(reasons({ 'enable-loopinterchange': true }, ['enable-loopinterchange'])).toBe('ok');
});

test('schedulers that crash clang for AArch64 are refused there only', () => {
  expect(reasons({ 'pre-RA-sched': 'list-ilp' })).toBe('ok');
  expect(reasons({ 'pre-RA-sched': 'linearize' })).toContain('takes');
  expect(reasons({ 'pre-RA-sched': 'list-ilp' }, ['pre-RA-sched'], arm64)).toContain('crashes clang');
  expect(reasons({ 'pre-RA-sched': 'list-burr' }, [], arm64)).toBe('ok');
});

test('equal configurations have equal keys', () => {
  const one = checkConfiguration({ 'slp-threshold': 3, 'attr:cold': ['g', 'f', 'g'] }, { allow: [] }, x64);
  const other = checkConfiguration({ 'attr:cold': ['f', 'g'], 'slp-threshold': 3 }, { allow: [] }, x64);
  if (!one.ok || !other.ok) throw new Error('refused');
  expect(configurationKey(one.configuration)).toBe('{"attr:cold":["f","g"],"slp-threshold":3}');
  expect(configurationKey(other.configuration)).toBe(configurationKey(one.configuration));
});

test('what a refusal quotes from the input is short and printable', () => {
  const text = reasons({ [`\u001b[31m${'x'.repeat(500)}`]: 1 });
  expect(text).not.toContain('\u001b');
  expect(text.length).toBeLessThan(200);
});

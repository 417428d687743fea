import { expect, it } from 'vitest';
import { entryOf, learnedOf } from '../../src/tune/learn.js';
import type { UnitResult } from '../../src/tune/result.js';
import { addonScope } from '../../src/tune/scopes.js';
import { fingerprint } from '../policy/knowledge/entries.js';
import { trialOf } from '../policy/support.js';

const profile = 'a'.repeat(64);
const even = { ratio: 1, ci: [1, 1] } as const;

function unit(changes: Partial<UnitResult>): UnitResult {
  return {
    file: 'a.c',
    share: 0.5,
    levers: { 'pgo-cs': profile },
    speedup: 1.1,
    ci: [1.07, 1.13],
    vsStock: even,
    verdict: 'tuned',
    reason: '',
    ...changes,
  };
}

const won = { levers: {}, profile: 'pgo-cs', speedup: 1.1, ci: [1.07, 1.13] };

it('learns what was confirmed of a unit, and what clearly lost', () => {
  const history = [
    trialOf({ 'fno-vectorize': true }, 0.95),
    trialOf({ 'inline-threshold': 400 }, 1.2),
    trialOf({ 'slp-threshold': 5 }, 0.995),
    trialOf({ 'attr:noinline': ['f'] }, 0.8),
    trialOf({ 'fno-slp-vectorize': true }, 0.9),
  ];
  const session = { tus: [unit({})], addon: { vsO3: even, vsStock: even } };
  const results = learnedOf('a.c', history, session);
  expect(results[0]).toEqual(won);
  expect(results.slice(1).map(({ levers }) => levers)).toEqual([
    { 'fno-slp-vectorize': true },
    { 'fno-vectorize': true },
  ]);
});

it.each([
  ['stays with the stock compiler', unit({ verdict: 'stock' })],
  ['is plain -O3', unit({ levers: {}, speedup: 1, ci: [1, 1] })],
  ['is not surely faster', unit({ ci: [0.99, 1.13] })],
  ['is another file', unit({ file: 'b.c' })],
])('learns no gain from a unit that %s', (_, tu) => {
  expect(learnedOf('a.c', [], { tus: [tu], addon: { vsO3: even, vsStock: even } })).toEqual([]);
});

it('learns of all units together where they ended with the same configuration', () => {
  const addon = { vsO3: { ratio: 1.2, ci: [1.1, 1.3] as const }, vsStock: even };
  const other = unit({ file: 'b.c', object: 'b2.o' });
  const all = learnedOf(addonScope, [], { tus: [unit({}), other], addon });
  expect(all).toEqual([{ ...won, speedup: 1.2, ci: [1.1, 1.3] }]);
  expect(learnedOf('b.c (b2.o)', [], { tus: [unit({}), other], addon })).toEqual([won]);
  const mixed = { tus: [unit({}), unit({ file: 'b.c', levers: {} })], addon };
  expect(learnedOf(addonScope, [], mixed)).toEqual([]);
});

it('names an entry by a hash of the code, whatever was learned', () => {
  const subject = {
    id: ['/home/me/addon', 'a.c'],
    version: '1/llvm-19/x64/x86-64-v1',
    fingerprint: fingerprint(1),
  };
  const [one, two] = [
    entryOf(subject, []),
    entryOf(subject, learnedOf('a.c', [], { tus: [unit({})], addon: { vsO3: even, vsStock: even } })),
  ];
  expect(one.id).toMatch(/^[0-9a-f]{16}$/);
  expect(two.id).toBe(one.id);
  expect(entryOf({ ...subject, id: ['/home/me/addon', 'b.c'] }, []).id).not.toBe(one.id);
  expect(JSON.stringify(two)).not.toContain('a.c');
});

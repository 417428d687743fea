import { expect, it } from 'vitest';
import { addonScope, nextScopes, type Scope, scopesOf } from '../../src/tune/scopes.js';
import { trialOf } from '../policy/support.js';
import { unitOf } from './support.js';

function scopes(...shares: readonly number[]): Scope[] {
  return scopesOf(shares.map((share, index) => unitOf(`${index}.c`, share)));
}

function withTrials(scope: Scope | undefined, trials: number): void {
  if (scope === undefined) throw new Error('no such scope');
  for (let count = 0; count < trials; count++) scope.history.push(trialOf({}, 1));
  scope.sinceGain = trials;
}

const early = { searchProgress: 0.1 };

it('puts all units before single ones, and leaves that out where there is only one', () => {
  expect(scopes(0.5, 0.3).map(({ key }) => key)).toEqual([addonScope, '0.c', '1.c']);
  expect(scopes(0.5).map(({ key }) => key)).toEqual(['0.c']);
  const [all] = scopesOf([unitOf('a.c', 0.2), unitOf('b.cc', 0.6)]);
  expect(all).toMatchObject({ kind: 'addon', language: 'c++', evidence: { share: 0.8 } });
  expect(all?.evidence.hot.map(({ name }) => name)).toEqual(['hot_b.cc', 'hot_a.c']);
});

it('begins with all units, and goes on to the hottest when they stop gaining or half of the search is used', () => {
  const all = scopes(0.2, 0.7);
  expect(nextScopes(all, early)[0]?.key).toBe(addonScope);
  expect(nextScopes(all, { searchProgress: 0.5 })[0]?.key).toBe('1.c');
  withTrials(all[0], 10);
  expect(nextScopes(all, early)[0]?.key).toBe('1.c');
});

it('stays with all units where half of the search went into a small first batch that gained', () => {
  const all = scopes(0.2, 0.7);
  const late = { searchProgress: 0.8 };
  const [addon] = all;
  withTrials(addon, 3);
  expect(nextScopes(all, late)[0]?.key).toBe('1.c');
  if (addon !== undefined) addon.sinceGain = 0;
  expect(nextScopes(all, late)[0]?.key).toBe(addonScope);
  withTrials(addon, 3);
  if (addon !== undefined) addon.sinceGain = 0;
  expect(nextScopes(all, late)[0]?.key).toBe('1.c');
});

it('does not go back to all units once single ones differ', () => {
  const all = scopes(0.2, 0.7);
  withTrials(all[2], 1);
  expect(nextScopes(all, early)[0]?.key).toBe('1.c');
});

it('moves on when the hottest unit stops gaining', () => {
  const all = scopes(0.3, 0.5);
  withTrials(all[2], 16);
  expect(nextScopes(all, early)[0]?.key).toBe('0.c');
});

it('searches units that share no case of the bench at the same time, after one batch on all', () => {
  const all = scopesOf([
    unitOf('0.c', 0.5, { one: 0.9, two: 0.9, three: 0, four: 0.01 }),
    unitOf('1.c', 0.3, { one: 0, two: 0.05, three: 0.9, four: 0 }),
    unitOf('2.c', 0.2, { one: 0, two: 0, three: 0, four: 0.9 }),
  ]);
  const keys = (): string[] => nextScopes(all, early).map(({ key }) => key);
  expect(keys()).toEqual([addonScope]);
  withTrials(all[0], 6);
  expect(keys()).toEqual(['0.c', '2.c']);
  const [, first] = all;
  if (first !== undefined) first.exhausted = true;
  expect(keys()).toEqual(['1.c', '2.c']);
  for (const incumbent of all.flatMap(({ units }) => units)) {
    incumbent.incumbent = { ...incumbent.incumbent, configuration: { 'lto-thin': true } };
  }
  withTrials(all[0], 10);
  expect(keys()).toEqual(['1.c']);
});

it('prefers a unit whose own cases were faster in a trial on all units', () => {
  const all = scopesOf([
    unitOf('0.c', 0.6, { one: 0.9, other: 0 }),
    unitOf('1.c', 0.4, { one: 0, other: 0.9 }),
  ]);
  withTrials(all[0], 10);
  expect(nextScopes(all, early)[0]?.key).toBe('0.c');
  all[0]?.history.push({ ...trialOf({ 'mtune-x86': 'znver3' }, 0.95), cases: { one: 0.8, other: 1.13 } });
  expect(nextScopes(all, early)[0]?.key).toBe('1.c');
});

it('leaves exhausted scopes alone and ends when all are', () => {
  const all = scopes(0.9, 0.1);
  for (const scope of all.slice(0, 2)) scope.exhausted = true;
  expect(nextScopes(all, early)[0]?.key).toBe('1.c');
  for (const scope of all) scope.exhausted = true;
  expect(nextScopes(all, early)).toEqual([]);
});

it('prefers a unit whose code the stock compiler does not make faster already', () => {
  const all = scopes(0.4, 0.6);
  withTrials(all[0], 10);
  expect(nextScopes(all, early)[0]?.key).toBe('1.c');
  const [stockIsAhead] = all[2]?.units ?? [];
  const leads = stockIsAhead === undefined ? new Map() : new Map([[stockIsAhead, Math.log(1.4)]]);
  expect(nextScopes(all, early, leads)[0]?.key).toBe('0.c');
});

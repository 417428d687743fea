import { expect, it } from 'vitest';
import type { VariantResult } from '../../src/measure/types.js';
import { casesOf, groupsApart, onOwnCases } from '../../src/tune/on-cases.js';
import { unitOf } from './support.js';

/** Log ratios by case, one for each of two processes. */
function resultOf(cases: Readonly<Record<string, readonly number[]>>): VariantResult {
  const byProcess = [0, 1].map((process) => {
    const all = Object.values(cases).map((samples) => samples[process] ?? 0);
    return all.reduce((sum, value) => sum + value, 0) / all.length;
  });
  const [first = 0, second = 0] = byProcess;
  return {
    id: 'x',
    outcome: 'within-noise',
    ratio: Math.exp((first + second) / 2),
    ci: [Math.exp(Math.min(first, second)), Math.exp(Math.max(first, second))],
    processes: 2,
    cases: Object.fromEntries(Object.entries(cases).map(([name, samples]) => [name, { ratio: 1, samples }])),
  };
}

it('knows the cases that run the code of a unit', () => {
  expect(casesOf([unitOf('a.c', 0.5, { one: 0.9, two: 0.01, three: 0 })])).toEqual({
    names: ['one'],
    part: 1 / 3,
  });
  expect(
    casesOf([unitOf('a.c', 0.5, { one: 0.9 }), unitOf('a.c', 0.5, { one: 0, two: 0.5, three: 0 })])?.names,
  ).toEqual(['one', 'two']);
});

it('restricts nothing where all cases run it, or where nothing was sampled', () => {
  expect(casesOf([unitOf('a.c', 0.5, { one: 0.9, two: 0.2 })])).toBeUndefined();
  expect(casesOf([unitOf('a.c')])).toBeUndefined();
});

it('groups units by the cases that they share, also by way of another one', () => {
  const first = unitOf('a.c', 0.2, { one: 0.9, two: 0, three: 0, four: 0.02 });
  const second = unitOf('b.c', 0.2, { one: 0, two: 0.5, three: 0, four: 0 });
  const third = unitOf('c.c', 0.2, { one: 0.1, two: 0.5, three: 0, four: 0 });
  const fourth = unitOf('d.c', 0.2, { one: 0, two: 0, three: 0.9, four: 0.9 });
  const keys = (groups: ReturnType<typeof groupsApart>): string[] =>
    groups.map((units) => units.map(({ key }) => key).join(' '));
  expect(keys(groupsApart([first, second, fourth]))).toEqual(['a.c', 'b.c', 'd.c']);
  expect(keys(groupsApart([first, second, fourth, third]))).toEqual(['d.c', 'a.c b.c c.c']);
});

it('holds all units together where cases do not tell one from the others', () => {
  const first = unitOf('a.c', 0.2, { one: 0.9, two: 0 });
  const second = unitOf('b.c', 0.2, { one: 0, two: 0.9 });
  expect(groupsApart([first, second])).toHaveLength(2);
  expect(groupsApart([first, second, unitOf('c.c', 0.2)])).toHaveLength(1);
  expect(groupsApart([first, second, unitOf('d.c', 0.2, { one: 0.1, two: 0.1 })])).toHaveLength(1);
  second.incumbent = { ...second.incumbent, configuration: { 'lto-thin': true } };
  expect(groupsApart([first, second])).toHaveLength(1);
});

it('takes a gain without the noise of cases that run other code', () => {
  const result = resultOf({ one: [0.3, 0.3], two: [0.06, -0.06], three: [0.09, -0.12] });
  const own = onOwnCases(result, { names: ['one'], part: 1 / 3 });
  expect(result.ci[1] / result.ci[0]).toBeGreaterThan(1.1);
  expect(own.ratio).toBeCloseTo(Math.exp(0.1));
  expect(own.ci[0]).toBeCloseTo(Math.exp(0.1));
  expect(own.ci[1]).toBeCloseTo(Math.exp(0.1));
});

it('keeps a result whose cases have no samples of their own', () => {
  const estimate = { ...resultOf({ one: [0.3, 0.3] }), cases: { one: { ratio: 1.3 } } };
  expect(onOwnCases(estimate, { names: ['one'], part: 0.5 })).toBe(estimate);
});

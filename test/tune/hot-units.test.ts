import { expect, it } from 'vitest';
import type { ScoredUnit } from '../../src/evidence/score.js';
import { hottest } from '../../src/tune/hot-units.js';
import { unitOf } from './support.js';

/** Units of equal shares; those in `apart` each take all of a case of their own, the others a part of every case. */
function unitsOf(count: number, apart: readonly number[]): ScoredUnit[] {
  const all = Array.from({ length: count }, (_, index) => index);
  return all.map((index) => {
    const shareOf = (name: number): number =>
      apart.includes(index) ? Number(name === index) : apart.includes(name) ? 0 : 0.3;
    const cases = Object.fromEntries(all.map((name) => [`case ${name}`, shareOf(name)]));
    const { command, share, evidence } = unitOf(`${index}.c`, 1 / count, cases);
    return { command, share, hot: evidence.hot };
  });
}

const files = (units: readonly ScoredUnit[]): string[] => units.map(({ command }) => command.file);

it('takes six units, or as many as hold most of the time', () => {
  expect(hottest(unitsOf(7, []))).toHaveLength(6);
  expect(hottest(unitsOf(9, []))).toHaveLength(8);
});

it('takes further units that the bench runs apart, which cost no trials', () => {
  expect(files(hottest(unitsOf(12, [11])))).toEqual([...Array(10).keys(), 11].map((index) => `${index}.c`));
  expect(hottest(unitsOf(11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))).toHaveLength(11);
  expect(
    hottest(
      unitsOf(
        20,
        unitsOf(20, []).map((_, index) => index),
      ),
    ),
  ).toHaveLength(12);
});

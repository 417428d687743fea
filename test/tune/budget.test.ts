import { expect, it } from 'vitest';
import { Budget } from '../../src/tune/budget.js';
import { NoiseFloor } from '../../src/tune/noise-floor.js';

it('ends the search by trials and leaves time to judge', () => {
  let now = 0;
  const budget = new Budget({ minutes: 10, trials: 3 }, () => now);
  expect(budget.maySearch).toBe(true);
  budget.countTrials(3);
  expect(budget.maySearch).toBe(false);
  const byTime = new Budget({ minutes: 10, trials: 100 }, () => now);
  now += 5 * 60_000;
  expect(byTime.searchMs).toBeCloseTo(6.2 * 60_000, 3);
  expect(byTime.searchingMs).toBeCloseTo(1.2 * 60_000, 3);
  now += 3 * 60_000;
  expect(byTime.maySearch).toBe(false);
  expect(byTime.searchingMs).toBe(0);
  expect(byTime.judgingMs).toBeCloseTo(2.5 * 60_000, 3);
  now += 3 * 60_000;
  expect(byTime.judgingMs).toBeCloseTo(1.25 * 60_000, 3);
});

it('counts the time of the session that it continues', () => {
  const budget = new Budget({ minutes: 10, trials: 100 }, () => 0, 7 * 60_000);
  expect(budget.elapsedMs).toBe(7 * 60_000);
  expect(budget.maySearch).toBe(false);
});

it('sets the noise floor at the median placebo effect, in either direction', () => {
  const noise = new NoiseFloor();
  expect(noise.value).toBe(0.003);
  // One alone may be chance.
  noise.add(1.02);
  expect(noise.value).toBeCloseTo(0.003, 6);
  for (const ratio of [1 / 1.01, 1.03]) noise.add(ratio);
  expect(noise.value).toBeCloseTo(0.01, 6);
  noise.add(Number.NaN);
  noise.add(0);
  expect(noise.value).toBeCloseTo(0.01, 6);
});

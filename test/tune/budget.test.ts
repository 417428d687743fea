import { expect, it } from 'vitest';
import { nextUnit, type UnitProgress } from '../../src/tune/allocate.js';
import { Budget } from '../../src/tune/budget.js';
import { NoiseFloor } from '../../src/tune/noise-floor.js';

it('ends the search by trials and leaves time to judge', () => {
  let now = 0;
  const budget = new Budget({ minutes: 10, trials: 3 }, () => now);
  expect(budget.maySearch).toBe(true);
  budget.countTrials(3);
  expect(budget.maySearch).toBe(false);
  const byTime = new Budget({ minutes: 10, trials: 100 }, () => now);
  now += 8 * 60_000;
  expect(byTime.maySearch).toBe(false);
  expect(byTime.judgingMs).toBeGreaterThanOrEqual(2 * 60_000);
});

it('counts the time of the session that it continues', () => {
  const budget = new Budget({ minutes: 10, trials: 100 }, () => 0, 7 * 60_000);
  expect(budget.elapsedMs).toBe(7 * 60_000);
  expect(budget.maySearch).toBe(false);
});

const unit = (share: number, changes: Partial<UnitProgress> = {}): UnitProgress => ({
  share,
  trials: 0,
  sinceGain: 0,
  exhausted: false,
  ...changes,
});

it('gives the first batch to the unit that takes the most time', () => {
  expect(nextUnit([unit(0.2), unit(0.7), unit(0.1)])).toBe(1);
});

it('moves on when the hottest unit stops gaining', () => {
  expect(nextUnit([unit(0.3), unit(0.5, { trials: 16, sinceGain: 16 })])).toBe(0);
});

it('leaves exhausted units alone and ends when all are', () => {
  expect(nextUnit([unit(0.9, { exhausted: true }), unit(0.1)])).toBe(1);
  expect(nextUnit([unit(0.9, { exhausted: true })])).toBeUndefined();
  expect(nextUnit([])).toBeUndefined();
});

it('sets the noise floor at the median placebo effect, in either direction', () => {
  const noise = new NoiseFloor();
  expect(noise.value).toBe(0.003);
  for (const ratio of [1.02, 1 / 1.01, 1.001]) noise.add(ratio);
  expect(noise.value).toBeCloseTo(0.01, 6);
  noise.add(Number.NaN);
  noise.add(0);
  expect(noise.value).toBeCloseTo(0.01, 6);
});

import { describe, expect, it } from 'vitest';
import {
  bestAt,
  bestKnown,
  geometricMean,
  geometricMeanSteps,
  stepsOf,
  trialsToNearlyAll,
} from '../../../src/dev/bench/series.js';
import type { JournalEvent } from '../../../src/tune/journal.js';
import { addonScope } from '../../../src/tune/scopes.js';
import { fast, flat, step } from './results-support.js';

function trial(unit: string, lever: number, speedup: number, measured = true): JournalEvent {
  const configuration = { 'inline-threshold': lever };
  const ci = [speedup - 0.01, speedup + 0.01] as const;
  const own = { configuration, origin: 'test', outcome: 'faster', speedup, ci } as const;
  return { type: 'trial', unit, trial: own, reason: '', measured, elapsedMs: 0 };
}

function incumbent(unit: string, lever: number, speedup: number): JournalEvent {
  return { type: 'incumbent', unit, configuration: { 'inline-threshold': lever }, speedup, elapsedMs: 0 };
}

describe('best-so-far steps', () => {
  it('count measured trials alone', () => {
    const steps = stepsOf([
      trial('a.c', 100, 1.1),
      trial('a.c', 101, 1.1, false),
      trial('a.c', 102, 0.9),
      incumbent('a.c', 100, 1.1),
    ]);
    expect(steps).toHaveLength(2);
    expect(steps[0]).toEqual({ trial: 0, ratio: 1, ci: [1, 1] });
    expect(steps[1]?.trial).toBe(2);
    expect(steps[1]?.ratio).toBeCloseTo(1.1, 10);
    expect(steps[1]?.ci[0]).toBeCloseTo(1.09, 10);
  });

  it('take the better one of what two compilers make', () => {
    const steps = stepsOf([
      incumbent('a.c', 100, 1.2),
      incumbent('a.c', 150, 1.1),
      incumbent('a.c', 200, 1.3),
    ]);
    expect(steps.map(({ ratio }) => ratio)).toEqual([1, 1.2, expect.closeTo(1.3, 10)]);
  });

  it('multiply the gains of units, on top of what all units had gained at once', () => {
    const steps = stepsOf([
      trial(addonScope, 100, 1.2),
      incumbent(addonScope, 100, 1.2),
      trial('a.c', 150, 1.26),
      incumbent('a.c', 150, 1.26),
      trial('b.c', 200, 1.32),
      incumbent('b.c', 200, 1.32),
      trial('a.c', 250, 1.323),
      incumbent('a.c', 250, 1.323),
    ]);
    const expected = [1, 1.2, 1.2 * 1.05, 1.2 * 1.05 * 1.1, 1.2 * 1.05 * 1.1 * 1.05];
    for (const [at, ratio] of expected.entries()) expect(steps[at]?.ratio).toBeCloseTo(ratio, 10);
    expect(steps.map(({ trial: after }) => after)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('trials to 95 % of the best known gain', () => {
  it('compares gains as logarithms', () => {
    const steps = [step(0, 1), step(5, 1.1), step(12, Math.exp(0.951 * Math.log(1.3))), step(20, 1.3)];
    expect(trialsToNearlyAll(steps, 1.3)).toBe(12);
    expect(trialsToNearlyAll(steps, 1.5)).toBeUndefined();
  });

  it('takes the best of all sessions on the addon', () => {
    expect(bestKnown(fast)).toBe(1.2);
    expect(trialsToNearlyAll(fast.sessions.expert?.steps ?? [], 1.2)).toBe(5);
    expect(trialsToNearlyAll(fast.sessions.random?.steps ?? [], 1.2)).toBeUndefined();
  });

  it('is undefined where nothing was gained', () => {
    expect(bestKnown(flat)).toBe(1);
    expect(trialsToNearlyAll(flat.sessions.expert?.steps ?? [], 1)).toBeUndefined();
  });
});

describe('the geometric mean', () => {
  it('has the interval of independent errors', () => {
    const mean = geometricMean([
      { ratio: 1.21, ci: [1.21 / 1.1, 1.21 * 1.1] },
      { ratio: 1, ci: [1 / 1.1, 1.1] },
    ]);
    expect(mean?.ratio).toBeCloseTo(1.1, 10);
    expect(Math.log(mean?.ci[1] ?? 0) - Math.log(1.1)).toBeCloseTo(Math.log(1.1) / Math.SQRT2, 10);
    expect(geometricMean([])).toBeUndefined();
  });

  it('of curves steps whenever one of them does', () => {
    const mean = geometricMeanSteps([
      [step(0, 1), step(10, 1.21)],
      [step(0, 1), step(5, 1.44)],
    ]);
    expect(mean.map(({ trial: after }) => after)).toEqual([0, 5, 10]);
    expect(mean.map(({ ratio }) => ratio)[1]).toBeCloseTo(1.2, 10);
    expect(mean.map(({ ratio }) => ratio)[2]).toBeCloseTo(1.32, 10);
  });

  it('of a session that had not gained yet is 1', () => {
    expect(bestAt([step(7, 1.1)], 6).ratio).toBe(1);
    expect(bestAt([step(7, 1.1)], 7).ratio).toBe(1.1);
  });
});

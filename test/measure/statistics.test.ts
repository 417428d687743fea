import { describe, expect, it } from 'vitest';
import { mean, median, pairSlices, quantile, summarise } from '../../src/measure/statistics.js';

describe('median', () => {
  it('is the middle value, or the mean of the two middle ones, in any order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([10, 9])).toBe(9.5);
  });

  it('is NaN without values', () => {
    expect(median([])).toBeNaN();
    expect(mean([])).toBeNaN();
  });
});

describe('quantile', () => {
  it("agrees with R's default, quantile(1:10, c(.25, .5, .975))", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(quantile(values, 0.25)).toBeCloseTo(3.25, 12);
    expect(quantile(values, 0.5)).toBeCloseTo(5.5, 12);
    expect(quantile(values, 0.975)).toBeCloseTo(9.775, 12);
  });
});

describe('summarise', () => {
  const logs = (values: readonly number[]) => values.map(Math.log);

  it('gives the mouse data of Efron and Tibshirani (treated group) the exact bootstrap interval of its median', () => {
    // Survival days. With n = 7, P(resampled median <= x(1)) = 0.010 and <= x(2) = 0.108, so 2.5 % falls on x(2) and 97.5 % on x(6).
    const { ratio, ci } = summarise(logs([94, 197, 16, 38, 99, 141, 23]), 1);
    expect(ratio).toBeCloseTo(94, 8);
    expect(ci[0]).toBeCloseTo(23, 8);
    expect(ci[1]).toBeCloseTo(141, 8);
  });

  it('has intervals that agree with the binomial distribution of resampled medians at other levels', () => {
    // n = 5: P(median = x(1)) = P(Bin(5, 1/5) >= 3) = 0.058, so a tail of 10 % lies inside x(2), one of 2.5 % on x(1).
    const samples = logs([1, 2, 3, 4, 5]);
    expect(summarise(samples, 3, 0.8).ci.map(Math.round)).toEqual([2, 4]);
    expect(summarise(samples, 3, 0.95).ci.map(Math.round)).toEqual([1, 5]);
  });

  it('covers the true median in about 95 of 100 experiments with ten processes', () => {
    let covered = 0;
    for (let experiment = 0; experiment < 300; experiment++) {
      const samples = Array.from(
        { length: 10 },
        (_, index) => ((experiment * 10 + index) * 0.6180339887) % 1,
      );
      const { ci } = summarise(logs(scatter(samples, experiment)), experiment);
      if (ci[0] <= 1 && ci[1] >= 1) covered++;
    }
    expect(covered / 300).toBeGreaterThan(0.9);
    expect(covered / 300).toBeLessThan(0.995);
  });

  it('repeats itself for the same seed', () => {
    const samples = [0.01, 0.02, -0.01, 0.005, 0.03, 0.001];
    expect(summarise(samples, 5)).toEqual(summarise(samples, 5));
  });

  it('admits that one process proves little', () => {
    const { ratio, ci } = summarise([Math.log(1.2)], 1);
    expect(ratio).toBeCloseTo(1.2);
    expect(ci[0]).toBeLessThan(1);
  });

  /** Ratios around 1 from uniform numbers hashed per experiment, so that experiments differ. */
  function scatter(uniforms: readonly number[], experiment: number): number[] {
    return uniforms.map((value, index) => {
      const mixed = Math.abs(Math.sin((experiment + 1) * 127.1 + index * 311.7) * 43758.5453 + value) % 1;
      return Math.exp((mixed - 0.5) / 10);
    });
  }
});

describe('pairSlices', () => {
  it('pairs each candidate with the baseline slice beside it, not with the one far away', () => {
    const rounds = {
      one: [
        [
          [0, 100],
          [1, 50],
          [2, 400],
          [0, 200],
        ],
      ],
    } as const;
    const samples = pairSlices(rounds);
    expect(Math.exp(samples.get(1)?.logRatio ?? 0)).toBeCloseTo(2);
    expect(Math.exp(samples.get(2)?.logRatio ?? 0)).toBeCloseTo(0.5);
  });

  it('takes the median over rounds and the geometric mean over cases', () => {
    const round = (ns: number) =>
      [
        [0, 100],
        [1, ns],
      ] as const;
    const samples = pairSlices({ fast: [round(50), round(50), round(9999)], slow: [round(200)] });
    const sample = samples.get(1);
    expect(Math.exp(sample?.cases.fast ?? 0)).toBeCloseTo(2);
    expect(Math.exp(sample?.cases.slow ?? 0)).toBeCloseTo(0.5);
    expect(sample?.logRatio).toBeCloseTo(0);
  });
});

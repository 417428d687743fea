import { describe, expect, it } from 'vitest';
import { seededUniform } from '../../src/measure/random.js';
import {
  mean,
  median,
  pairSlices,
  processSample,
  summarise,
  summariseCases,
  summariseProcesses,
} from '../../src/measure/statistics.js';

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

describe('summarise', () => {
  const logs = (values: readonly number[]) => values.map(Math.log);

  it('gives the mouse data of Efron and Tibshirani (treated group) the exact bootstrap interval of its median', () => {
    // Survival days. With n = 7, P(resampled median <= x(1)) = 0.010 and <= x(2) = 0.108, so 2.5 % falls on x(2) and 97.5 % on x(6).
    const { ratio, ci } = summarise(logs([94, 197, 16, 38, 99, 141, 23]));
    expect(ratio).toBeCloseTo(94, 8);
    expect(ci[0]).toBeCloseTo(23, 8);
    expect(ci[1]).toBeCloseTo(141, 8);
  });

  it('has intervals that agree with the binomial distribution of resampled medians at other levels', () => {
    // n = 5: P(median = x(1)) = P(Bin(5, 1/5) >= 3) = 0.058, so a tail of 10 % lies inside x(2), one of 2.5 % on x(1).
    const samples = logs([1, 2, 3, 4, 5]);
    expect(summarise(samples, { level: 0.8 }).ci.map(Math.round)).toEqual([2, 4]);
    expect(summarise(samples).ci.map(Math.round)).toEqual([1, 5]);
  });

  it('agrees with resamples drawn at random, for even and odd numbers of samples', () => {
    const all = [0.01, 0.05, -0.02, 0.004, 0.033, 0.021, -0.007, 0.012, 0.041, -0.015, 0.027];
    for (const samples of [all, all.slice(1)]) {
      const uniform = seededUniform(4);
      const pick = () => samples[Math.floor(uniform() * samples.length)] ?? Number.NaN;
      const medians = Array.from({ length: 20_000 }, () => median(samples.map(pick))).sort((a, b) => a - b);
      const ci = summarise(samples).ci.map(Math.log);
      // The share of random resamples below either end: 2.5 % up to the width of one step of the distribution.
      const below = (limit: number) =>
        medians.filter((value) => value < limit - 1e-12).length / medians.length;
      const upTo = (limit: number) =>
        medians.filter((value) => value < limit + 1e-12).length / medians.length;
      const [low = 0, high = 0] = ci;
      expect(below(low)).toBeLessThan(0.03);
      expect(upTo(low)).toBeGreaterThan(0.02);
      expect(below(high)).toBeLessThan(0.98);
      expect(upTo(high)).toBeGreaterThan(0.97);
    }
  });

  it('covers the true median in about 95 of 100 experiments with ten processes', () => {
    let covered = 0;
    for (let experiment = 0; experiment < 500; experiment++) {
      const { ci } = summarise(normals(experiment));
      if (ci[0] <= 1 && ci[1] >= 1) covered++;
    }
    expect(covered / 500).toBeGreaterThan(0.9);
    expect(covered / 500).toBeLessThan(0.995);
  });

  it('admits that one process proves little', () => {
    const { ratio, ci } = summarise([Math.log(1.2)]);
    expect(ratio).toBeCloseTo(1.2);
    expect(ci[0]).toBeLessThan(1);
  });

  function normals(experiment: number): number[] {
    const uniform = seededUniform(experiment);
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return Array.from({ length: 10 }, normal);
  }
});

describe('summariseCases', () => {
  it('is the same as for samples without cases where there is one case, or one process', () => {
    const samples = [0.01, 0.05, -0.02, 0.004, 0.033];
    expect(summariseCases([samples])).toEqual(summarise(samples));
    expect(summariseCases([[0.1], [0.3]])).toEqual(summarise([0.2]));
  });

  it('is not moved by processes in which one of the cases was slow', () => {
    const cases = [
      [0.01, -0.7, 0.02, 0.02, 0.03, -0.6, 0.02],
      [0.02, 0.03, -0.7, 0.02, -0.8, 0.02, 0.01],
      [-0.6, 0.02, 0.03, 0.01, 0.02, 0.02, -0.7],
    ];
    expect(Math.log(summariseCases(cases).ratio)).toBeCloseTo(0.02);
    const means = [0, 1, 2, 3, 4, 5, 6].map((process) => mean(cases.map((one) => one[process] ?? 0)));
    expect(median(means)).toBeLessThan(-0.1);
  });

  it('has intervals that agree with other random resamples, and the same ones each time', () => {
    const { cases } = experiment(7, 9);
    const uniform = seededUniform(99);
    const statistics = Array.from({ length: 4000 }, () => {
      const drawn = (cases[0] ?? []).map(() => Math.floor(uniform() * 9));
      return mean(cases.map((one) => median(drawn.map((process) => one[process] ?? Number.NaN))));
    }).sort((a, b) => a - b);
    const { ci } = summariseCases(cases);
    const rank = (value: number) => statistics.filter((one) => one < Math.log(value)).length / 4000;
    expect(Math.abs(rank(ci[0]) - 0.025)).toBeLessThan(0.012);
    expect(Math.abs(rank(ci[1]) - 0.975)).toBeLessThan(0.012);
    expect(summariseCases(cases)).toEqual({ ratio: expect.any(Number), ci });
  });

  it('covers the truth in about 95 of 100 experiments in which cases have errors in common and of their own', () => {
    let covered = 0;
    for (let number = 0; number < 300; number++) {
      const { ci } = summariseCases(experiment(number, 10).cases);
      if (ci[0] <= 1 && ci[1] >= 1) covered++;
    }
    expect(covered / 300).toBeGreaterThan(0.9);
    expect(covered / 300).toBeLessThan(0.995);
  });

  it('takes the means of processes that did not run the same cases', () => {
    const samples = [processSample({ a: 0.1, b: 0.3 }), processSample({ a: 0.2 })];
    expect(summariseProcesses(samples)).toEqual(summarise([0.2, 0.2]));
    expect(summariseProcesses([])).toEqual(summarise([]));
  });

  function experiment(seed: number, processes: number): { cases: number[][] } {
    const uniform = seededUniform(seed);
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const common = Array.from({ length: processes }, normal);
    return { cases: Array.from({ length: 4 }, () => common.map((shared) => 0.01 * (shared + normal()))) };
  }
});

describe('pairSlices', () => {
  it('pairs each candidate with the nearest baseline slice of its round', () => {
    const rounds = {
      one: [
        [
          [0, 100],
          [1, 50],
          [2, 240],
          [0, 120],
        ],
      ],
    } as const;
    const samples = pairSlices({ one: [...rounds.one, ...rounds.one, ...rounds.one] });
    expect(Math.exp(samples.get(1)?.logRatio ?? 0)).toBeCloseTo(2);
    expect(Math.exp(samples.get(2)?.logRatio ?? 0)).toBeCloseTo(0.5);
    const round = [
      [1, 50],
      [2, 200],
      [0, 100],
    ] as const;
    const once = pairSlices({ one: [round, round, round] });
    expect(Math.exp(once.get(1)?.logRatio ?? 0)).toBeCloseTo(2);
    expect(Math.exp(once.get(2)?.logRatio ?? 0)).toBeCloseTo(0.5);
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

  it('leaves out interrupted slices, which are most of them on a machine that takes the core away', () => {
    const round = (baseline: number, candidate: number) =>
      [
        [0, baseline],
        [1, candidate],
      ] as const;
    const paired = [round(100, 50), round(100, 51), round(900, 50), round(100, 700), round(101, 50)];
    expect(ratioOf(paired)).toBeCloseTo(2);
    const fewPairs = [round(100, 700), round(800, 50), round(100, 900), round(700, 50), round(100, 50)];
    expect(ratioOf(fewPairs)).toBeCloseTo(2);
  });

  function ratioOf(rounds: Parameters<typeof pairSlices>[0][string]): number {
    return Math.exp(pairSlices({ one: rounds }).get(1)?.logRatio ?? 0);
  }
});

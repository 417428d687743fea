import { describe, expect, it } from 'vitest';
import { seededUniform } from '../../src/measure/random.js';
import { decide, type Rules, rulesFor, runSequential, verdict } from '../../src/measure/sequential.js';
import type { ProcessSample } from '../../src/measure/statistics.js';

/** Log ratios around a true one, normally distributed (Box and Muller 1958). */
function noisySampler(trueRatio: number, deviation: number, seed: number) {
  const uniform = seededUniform(seed);
  return async (ids: readonly string[]) => {
    const samples = new Map<string, ProcessSample>();
    for (const id of ids) {
      const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      const logRatio = Math.log(trueRatio) + deviation * normal;
      samples.set(id, { logRatio, cases: { only: logRatio } });
    }
    return { samples, failed: new Map<string, string>() };
  };
}

async function outcomes(
  rules: Rules,
  trueRatio: number,
  deviation: number,
): Promise<(outcome: string) => number> {
  const ids = Array.from({ length: 250 }, (_, index) => `c${index}`);
  const results = await runSequential({ ids, rules, sample: noisySampler(trueRatio, deviation, 11) });
  return (outcome) => results.filter((result) => result.outcome === outcome).length / ids.length;
}

describe('runSequential on simulated noise', () => {
  it.each([
    ['screen', 0.02],
    ['race', 0.003],
    ['race', 0.015],
    ['confirm', 0.003],
    ['confirm', 0.015],
  ] as const)(
    'calls few of identical builds faster or slower (%s, deviation %d)',
    async (goal, deviation) => {
      const share = await outcomes(rulesFor(goal), 1, deviation);
      expect(share('faster')).toBeLessThan(0.05);
      expect(share('slower')).toBeLessThan(0.05);
    },
  );

  it('keeps confirmation honest even without a noise floor', async () => {
    const share = await outcomes(rulesFor('confirm', { noiseFloor: 0 }), 1, 0.01);
    expect(share('faster')).toBeLessThan(0.05);
  });

  it('finds a gain of 3 % on an addon with 1 % noise', async () => {
    const share = await outcomes(rulesFor('confirm'), 1.03, 0.01);
    expect(share('faster')).toBeGreaterThan(0.95);
  });

  it('ends early on steady addons and goes on to the limit on noisy ones', async () => {
    const processes = async (deviation: number) => {
      const sample = noisySampler(1, deviation, 3);
      const [result] = await runSequential({ ids: ['a'], rules: rulesFor('confirm'), sample });
      return result?.processes;
    };
    expect(await processes(0.0005)).toBe(10);
    expect(await processes(0.03)).toBe(20);
  });
});

describe('runSequential', () => {
  it('drops a hopeless candidate after one process of screening and goes on with the others', async () => {
    const seen: string[][] = [];
    const results = await runSequential({
      ids: ['slow', 'fine'],
      rules: rulesFor('screen'),
      async sample(ids) {
        seen.push([...ids]);
        const at = (id: string) => ({ logRatio: id === 'slow' ? Math.log(0.5) : 0.1, cases: {} });
        return { samples: new Map(ids.map((id) => [id, at(id)])), failed: new Map() };
      },
    });
    expect(seen).toEqual([['slow', 'fine'], ['fine']]);
    expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['slow', 'slower'],
      ['fine', 'faster'],
    ]);
  });

  it('keeps what was measured of a candidate that fails later', async () => {
    const results = await runSequential({
      ids: ['flaky'],
      rules: rulesFor('race'),
      async sample(ids, turn) {
        if (turn === 2) return { samples: new Map(), failed: new Map([['flaky', 'SIGSEGV']]) };
        return { samples: new Map(ids.map((id) => [id, { logRatio: 0.2, cases: {} }])), failed: new Map() };
      },
    });
    expect(results[0]).toMatchObject({ outcome: 'failed', detail: 'SIGSEGV', processes: 2 });
  });

  it('does not wait for a candidate that gives no sample', async () => {
    const sample = async () => ({ samples: new Map(), failed: new Map() });
    const results = await runSequential({ ids: ['mute'], rules: rulesFor('race'), sample });
    expect(results[0]?.outcome).toBe('failed');
    expect(results[0]?.ratio).toBe(0);
  });
});

describe('a contest', () => {
  /** Log ratios of each candidate, over and over. */
  async function contest(ids: readonly string[], series: Readonly<Record<string, readonly number[]>>) {
    const results = await runSequential({
      ids,
      rules: rulesFor('race'),
      contest: { control: 'placebo' },
      async sample(open, turn) {
        const at = (id: string) => ({ logRatio: series[id]?.[turn % 4] ?? Number.NaN, cases: {} });
        return { samples: new Map(open.map((id) => [id, at(id)])), failed: new Map() };
      },
    });
    return Object.fromEntries(results.map(({ id, processes }) => [id, processes]));
  }

  const even = [-0.01, 0.01, -0.012, 0.012];

  it('does not wait for a candidate that is surely behind another', async () => {
    const ahead = [0.03, 0.04, 0.05, 0.06];
    expect(await contest(['ahead', 'behind', 'placebo'], { ahead, behind: even, placebo: even })).toEqual({
      ahead: 8,
      behind: 4,
      placebo: 8,
    });
  });

  it('takes no process for the control alone, nor for the exact size of a large effect', async () => {
    expect(await contest(['large', 'placebo'], { large: [0.18, 0.19, 0.2, 0.21], placebo: even })).toEqual({
      large: 4,
      placebo: 4,
    });
  });

  it('waits for everybody who may still be first, and is not led by the control', async () => {
    const one = [-0.01, 0.02, 0.01, 0.03];
    const other = [-0.02, 0.03, 0.01, 0.02];
    const placebo = [0.05, 0.06, 0.05, 0.06];
    expect(await contest(['one', 'other', 'placebo'], { one, other, placebo })).toMatchObject({
      one: 8,
      other: 8,
    });
  });

  it('gives up on what does not look faster than the baseline', async () => {
    const ahead = [0.01, 0.05, 0.02, 0.06];
    expect(await contest(['ahead', 'level', 'placebo'], { ahead, level: even, placebo: even })).toMatchObject(
      {
        ahead: 8,
        level: 4,
      },
    );
  });
});

describe('decide', () => {
  it('never ends a confirmation early because the result pleases', () => {
    const samples = [0.3, 0.5, 0.31, 0.45, 0.33, 0.52, 0.3, 0.41, 0.39, 0.6];
    expect(decide(processes(samples), rulesFor('confirm'))).toEqual({ kind: 'more' });
  });

  it('stops a candidate that stays below the wanted ratio after two processes', () => {
    const rules = rulesFor('race', { stopBelow: 0.97 });
    const next = (...ratios: number[]) => decide(processes(ratios.map(Math.log)), rules).kind;
    expect(next(0.95)).toBe('more');
    expect(next(0.95, 0.96)).toBe('dropped');
    expect(next(0.95, 0.98)).toBe('more');
  });

  function processes(samples: readonly number[]): ProcessSample[] {
    return samples.map((logRatio) => ({ logRatio, cases: { only: logRatio } }));
  }
});

describe('rulesFor', () => {
  it('does not let screening claim less than 3 %', () => {
    expect(rulesFor('screen', { noiseFloor: 0.001 }).noiseFloor).toBe(0.03);
    expect(rulesFor('confirm', { noiseFloor: 0.001 }).noiseFloor).toBe(0.001);
  });

  it('lets a limit on processes win over the smallest number', () => {
    expect(rulesFor('confirm', { maxProcesses: 4 })).toMatchObject({ minProcesses: 4, maxProcesses: 4 });
    expect(rulesFor('confirm', { minProcesses: 30 })).toMatchObject({ minProcesses: 30, maxProcesses: 30 });
  });
});

describe('verdict', () => {
  it('needs the whole interval outside the noise floor', () => {
    expect(verdict({ ratio: 1.03, ci: [1.02, 1.04] }, 0.01)).toBe('faster');
    expect(verdict({ ratio: 1.03, ci: [1.005, 1.04] }, 0.01)).toBe('within-noise');
    expect(verdict({ ratio: 0.97, ci: [0.96, 0.98] }, 0.01)).toBe('slower');
  });
});

import { describe, expect, it } from 'vitest';
import { joinShares, partEffects } from '../../src/evidence/case-effects.js';

describe('effects of parts, from those of cases', () => {
  it('are those of the cases where each case runs one part', () => {
    const effects = partEffects([{ a: 1 }, { b: 0.95 }], { a: 1.2, b: 0.9 });
    expect(Math.exp(effects[0] ?? 0)).toBeCloseTo(1.19, 1);
    expect(Math.exp(effects[1] ?? 0)).toBeCloseTo(0.9, 1);
  });

  it('come apart where parts share cases', () => {
    // The first part is 1.3 times as fast, the other as it was (Amdahl's law).
    const speedups = { a: 1 / (0.8 / 1.3 + 0.2), b: 1 / (0.3 / 1.3 + 0.7), c: 1 };
    const [first = 0, second = 0] = partEffects(
      [
        { a: 0.8, b: 0.3 },
        { a: 0.2, b: 0.7, c: 1 },
      ],
      speedups,
    );
    expect(Math.exp(first)).toBeGreaterThan(1.2);
    expect(Math.abs(second)).toBeLessThan(0.03);
  });

  it('stay near nothing for a part that hardly runs', () => {
    const [main = 0, rare = 0] = partEffects([{ a: 0.9 }, { a: 0.02 }], { a: 1.2 });
    expect(main).toBeGreaterThan(0.15);
    expect(rare).toBeLessThan(0.02);
  });

  it('are nothing without shares, and without cases', () => {
    expect(partEffects([{}], { a: 2 })).toEqual([0]);
    expect(partEffects([{ a: 1 }], {})).toEqual([0]);
  });

  it('adds the shares of functions to those of a file', () => {
    expect(joinShares([{ a: 0.5, b: 0.1 }, { a: 0.25 }, {}])).toEqual({ a: 0.75, b: 0.1 });
  });
});

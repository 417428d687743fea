import { describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../../src/levers/check.js';
import {
  countsOf,
  fingerprintLength,
  fingerprintOf,
  similarity,
  strongest,
} from '../../../src/policy/knowledge/fingerprint.js';
import { probes } from '../../../src/policy/knowledge/probes.js';
import { assemblyOf } from '../../evidence/captured.js';

const plain = countsOf([
  { hot: [{ name: 'f', share: 1 }], code: [assemblyOf('f', { instructions: 96, bytes: 396 })] },
]);

describe('counts of hot code', () => {
  it('weigh functions by their time, over all units', () => {
    const [instructions] = countsOf([
      {
        hot: [
          { name: 'f', share: 0.6 },
          { name: 'g', share: 0.2 },
        ],
        code: [assemblyOf('g', { instructions: 50 }), assemblyOf('f', { instructions: 10 })],
      },
      { hot: [{ name: 'f', share: 0.2 }], code: [assemblyOf('f', { instructions: 100 })] },
    ]);
    expect(instructions).toBeCloseTo(0.6 * 10 + 0.2 * 50 + 0.2 * 100);
  });

  it('are nothing for a function that was inlined away, and for code that is not hot', () => {
    const hot = [
      { name: 'f', share: 0.5 },
      { name: 'gone', share: 0.5 },
    ];
    const code = [assemblyOf('f', { instructions: 10 }), assemblyOf('cold', { instructions: 999 })];
    expect(countsOf([{ hot, code }])[0]).toBeCloseTo(5);
    expect(countsOf([])[0]).toBe(0);
  });
});

describe('a fingerprint', () => {
  it('holds the logarithms of counts over those of -O3, smoothed and cut off', () => {
    const twice = plain.map((count, index) => (index === 0 ? 196 : count));
    const huge = plain.map((count, index) => (index === 1 ? 1e6 : count));
    const found = fingerprintOf(plain, [twice, huge, ...probes.slice(2).map(() => plain)]);
    expect(found).toHaveLength(fingerprintLength);
    expect(found?.[0]).toBeCloseTo(Math.log(2), 3);
    expect(found?.[plain.length + 1]).toBe(strongest);
    expect(found?.filter((reaction) => reaction !== 0)).toHaveLength(2);
  });

  it('does not exist where nothing reacts or a probe is missing', () => {
    expect(
      fingerprintOf(
        plain,
        probes.map(() => plain),
      ),
    ).toBeUndefined();
    expect(fingerprintOf(plain, [plain.map((count) => 3 * count)])).toBeUndefined();
  });

  it('is taken with levers that every supported compiler has', () => {
    for (const arch of ['x64', 'arm64'] as const) {
      for (const major of [16, 17, 18, 19, 20, 21, 22]) {
        for (const probe of probes) {
          expect(checkConfiguration(probe, { allow: [] }, { arch, major })).toMatchObject({ ok: true });
        }
      }
    }
  });
});

describe('similarity', () => {
  it('is 1 minus the dissimilarity of Bray and Curtis', () => {
    // Two aquariums with 6, 7, 4 and 10, 0, 6 fish of three kinds: 0.39, the usual example.
    expect(1 - similarity([6, 7, 4], [10, 0, 6])).toBeCloseTo(13 / 33);
    expect(similarity([0.4, -0.2], [0.4, -0.2])).toBe(1);
    expect(similarity([0.4, -0.2], [-0.4, 0.2])).toBe(0);
    expect(similarity([0.4, 0], [0, 0.3])).toBe(0);
    expect(similarity([0, 0], [0, 0])).toBe(0);
  });

  it('counts the strength of reactions, not only their direction', () => {
    expect(similarity([1, 1], [0.1, 0.1])).toBeLessThan(0.2);
    expect(similarity([1, 1], [0.9, 1])).toBeGreaterThan(0.9);
  });
});

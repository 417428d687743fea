import { describe, expect, it } from 'vitest';
import { areaUnderCurve, nextTechnique } from '../../src/policy/search/credit.js';

const uses = (technique: string, results: string) =>
  [...results].map((result) => ({ technique, improved: result === '+' }));

describe('credit assignment', () => {
  it('weighs later successes more', () => {
    expect(areaUnderCurve(uses('a', '++++'))).toBe(1);
    expect(areaUnderCurve(uses('a', '----'))).toBe(0);
    expect(areaUnderCurve(uses('a', '+---'))).toBeCloseTo(0.1, 10);
    expect(areaUnderCurve(uses('a', '---+'))).toBeCloseTo(0.4, 10);
  });

  it('asks everybody once, then who succeeds', () => {
    expect(nextTechnique(['a', 'b'], uses('a', '+++'))).toBe('b');
    expect(nextTechnique(['a', 'b'], [...uses('a', '-+-+'), ...uses('b', '----')])).toBe('a');
  });

  it('comes back to who was not asked for long', () => {
    expect(nextTechnique(['a', 'b'], [...uses('b', '-'), ...uses('a', '-'.repeat(30))])).toBe('b');
  });

  it('has nobody to ask when there is nobody', () => {
    expect(nextTechnique([], [])).toBeUndefined();
  });
});

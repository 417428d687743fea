import { expect, it } from 'vitest';
import type { VariantResult } from '../../src/measure/types.js';
import { isNeedless } from '../../src/tune/judge.js';

const without = (ratio: number, ci: [number, number]): VariantResult => ({
  ...{ id: 'without', outcome: 'within-noise', processes: 8, cases: {} },
  ...{ ratio, ci },
});

it.each([
  ['as fast without it', without(1.001, [0.998, 1.004]), true],
  ['faster without it', without(1.03, [1.02, 1.04]), true],
  ['half a percent slower without it', without(0.995, [0.99, 1.001]), false],
  ['too noisy to tell', without(1, [0.96, 1.03]), false],
])('a lever is left out where that is known to cost nothing: %s', (_what, result, expected) => {
  expect(isNeedless(result)).toBe(expected);
});

it('a build that fails without a lever says that it is needed', () => {
  expect(isNeedless({ ...without(0, [0, 0]), outcome: 'failed' })).toBe(false);
  expect(isNeedless(undefined)).toBe(false);
});

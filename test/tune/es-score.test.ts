import { expect, it } from 'vitest';
import { esScore } from '../../src/tune/es-score.js';
import { isPlausible } from '../../src/tune/plausible.js';
import { trialOf } from '../policy/support.js';

const failed = { configuration: {}, origin: 'test', outcome: 'failed' } as const;
const incorrect = { ...failed, outcome: 'incorrect' } as const;

it('unites correctness and speed as PassBench defines it', () => {
  expect(esScore([], 0)).toBeUndefined();
  expect(esScore([trialOf({}, 2), trialOf({}, 0.5)], 0)).toBeCloseTo(1);
  expect(esScore([trialOf({}, 1.21), incorrect], 0)).toBeCloseTo(Math.sqrt(0.121));
  expect(esScore([incorrect, failed], 1)).toBeCloseTo(Math.sqrt(0.1));
  expect(esScore([incorrect, failed], 3)).toBe(1);
});

it('knows what a share of the time allows', () => {
  expect(isPlausible(1.05, 0.1)).toBe(true);
  expect(isPlausible(1.5, 0.1)).toBe(false);
  expect(isPlausible(5, 0.97)).toBe(true);
  expect(isPlausible(1e9, 1)).toBe(false);
});

import { expect, it } from 'vitest';
import { addRival } from '../../src/tune/units.js';
import { unitOf } from './support.js';

it('keeps the best of gcc on all units apart from the best on this one: their speedups are of different builds', () => {
  const unit = unitOf('a.c');
  const rival = (speedup: number) => ({ configuration: {}, object: unit.baseline, speedup });
  expect(addRival(unit, 'addon', rival(1.1))).toBe(true);
  expect(addRival(unit, 'unit', rival(1.05))).toBe(true);
  expect(addRival(unit, 'unit', rival(1.02))).toBe(false);
  expect(addRival(unit, 'unit', rival(1.06))).toBe(true);
  expect([...unit.rivals].map(([kind, { speedup }]) => [kind, speedup])).toEqual([
    ['addon', 1.1],
    ['unit', 1.06],
  ]);
});

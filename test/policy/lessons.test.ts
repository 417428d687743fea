import { expect, it } from 'vitest';
import { lessonsOf } from '../../src/policy/expert/lessons.js';
import { trialOf } from './support.js';

const profile = { 'pgo-cs': 'a'.repeat(64) };
const themeOf = (): undefined => undefined;

it('counts out of a file what the other files have gained', () => {
  const onAll = { ...trialOf(profile, 1.07), inUnit: 1.005 };
  const ci = [1.078, 1.08] as const;
  const without = { ...trialOf({ 'fomit-frame-pointer': true }, 1.079), ci, inUnit: 1.02 };
  const [file] = lessonsOf([without], themeOf, [onAll], 0.2).ranked;
  expect(file?.gain).toBeCloseTo(2, 1);
  expect(file?.believed).toBeLessThan(file?.gain ?? 0);
  const [addon] = lessonsOf([without], themeOf, [onAll]).ranked;
  expect(addon?.gain).toBeCloseTo(7.6, 1);
  // The interval is that of the addon's time, of which the file has a fifth.
  expect(file?.weight).toBeLessThan(addon?.weight ?? 0);
});

import { expect, it } from 'vitest';
import { scopesOf } from '../../src/tune/scopes.js';
import { bestUnprofiled } from '../../src/tune/unprofiled.js';
import { trialOf } from '../policy/support.js';
import { unitOf } from './support.js';

const profile = { 'pgo-ir': 'a'.repeat(64) };

it('takes the fastest that has no profile, and was faster beyond doubt', () => {
  const one = unitOf('one.c', 0.5, { only: 1 });
  const scopes = scopesOf([one]);
  expect(bestUnprofiled(one, [one], scopes)).toEqual({});
  scopes[0]?.history.push(
    { ...trialOf(profile, 1.7), outcome: 'faster' },
    { ...trialOf({ 'disable-select-optimize': false }, 1.6), outcome: 'faster' },
    { ...trialOf({ 'mtune-x86': 'znver4' }, 1.1), outcome: 'faster' },
    { ...trialOf({ 'fno-slp-vectorize': true }, 1.65), outcome: 'within-noise' },
  );
  expect(bestUnprofiled(one, [one], scopes)).toEqual({ 'disable-select-optimize': false });
});

it('looks at what a trial on all files did to the file', () => {
  const units = [
    unitOf('one.c', 0.5, { first: 1, second: 0 }),
    unitOf('two.c', 0.5, { first: 0, second: 1 }),
  ];
  const [one, two] = units;
  const scopes = scopesOf(units);
  scopes[0]?.history.push({
    ...trialOf({ 'mtune-x86': 'znver4' }, 1.1),
    outcome: 'faster',
    cases: { first: 1.3, second: 0.9 },
  });
  expect(one && bestUnprofiled(one, units, scopes)).toEqual({ 'mtune-x86': 'znver4' });
  expect(two && bestUnprofiled(two, units, scopes)).toEqual({});
});

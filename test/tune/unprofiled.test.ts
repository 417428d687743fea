import { expect, it } from 'vitest';
import type { CompileCommand } from '../../src/build/types.js';
import { scopesOf } from '../../src/tune/scopes.js';
import type { TunedUnit } from '../../src/tune/units.js';
import { bestUnprofiled } from '../../src/tune/unprofiled.js';
import { trialOf } from '../policy/support.js';

const profile = { 'pgo-ir': 'a'.repeat(64) };

function unit(key: string, cases: Record<string, number>): TunedUnit {
  const object = { path: `/${key}.o`, hash: key };
  return {
    key,
    isAmbiguous: false,
    command: { file: key, output: `/${key}.o`, language: 'c' } as CompileCommand,
    share: 0.5,
    evidence: {
      file: key,
      share: 0.5,
      hot: [{ name: `hot_${key}`, share: 0.5, cases }],
      remarks: [],
      assembly: [],
      sources: {},
    },
    baseline: object,
    incumbent: { configuration: profile, object, speedup: 1.7 },
  };
}

it('takes the fastest that has no profile, and was faster beyond doubt', () => {
  const one = unit('one.c', { only: 1 });
  const scopes = scopesOf([one]);
  expect(bestUnprofiled(one, scopes)).toEqual({});
  scopes[0]?.history.push(
    { ...trialOf(profile, 1.7), outcome: 'faster' },
    { ...trialOf({ 'disable-select-optimize': false }, 1.6), outcome: 'faster' },
    { ...trialOf({ 'mtune-x86': 'znver4' }, 1.1), outcome: 'faster' },
    { ...trialOf({ 'fno-slp-vectorize': true }, 1.65), outcome: 'within-noise' },
  );
  expect(bestUnprofiled(one, scopes)).toEqual({ 'disable-select-optimize': false });
});

it('looks at what a trial on all files did to the file', () => {
  const units = [unit('one.c', { first: 1, second: 0 }), unit('two.c', { first: 0, second: 1 })];
  const [one, two] = units;
  const scopes = scopesOf(units);
  scopes[0]?.history.push({
    ...trialOf({ 'mtune-x86': 'znver4' }, 1.1),
    outcome: 'faster',
    cases: { first: 1.3, second: 0.9 },
  });
  expect(one && bestUnprofiled(one, scopes)).toEqual({ 'mtune-x86': 'znver4' });
  expect(two && bestUnprofiled(two, scopes)).toEqual({});
});

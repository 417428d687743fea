import type { CompileCommand } from '../../src/build/types.js';
import type { TunedUnit } from '../../src/tune/units.js';

/** A unit at plain -O3 with one hot function; `cases` is that function's share of each case. */
export function unitOf(key: string, share = 0.5, cases?: Readonly<Record<string, number>>): TunedUnit {
  const object = { path: `/${key}.o`, hash: key };
  return {
    key,
    isAmbiguous: false,
    command: { file: key, output: `/${key}.o`, language: key.endsWith('.c') ? 'c' : 'c++' } as CompileCommand,
    share,
    evidence: {
      file: key,
      share,
      hot: [{ name: `hot_${key}`, share, ...(cases && { cases }) }],
      remarks: [],
      assembly: [],
      sources: {},
    },
    baseline: object,
    rivals: new Map(),
    incumbent: { configuration: {}, object, speedup: 1 },
  };
}

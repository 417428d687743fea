import { expect, it } from 'vitest';
import type { Configuration } from '../../src/levers/types.js';
import { formatExplanation, type TriedConfiguration } from '../../src/report/explanation.js';
import type { UnitResult } from '../../src/tune/result.js';

const tuned: UnitResult = {
  file: 'src/hash.c',
  share: 0.8,
  levers: { 'slp-threshold': 5, 'attr:noinline': ['g'] },
  speedup: 1.05,
  ci: [1.03, 1.07],
  vsStock: { ratio: 1.1, ci: [1.08, 1.12] },
  verdict: 'tuned',
  reason: '2 levers over clang -O3',
};
const stock: UnitResult = {
  ...tuned,
  file: 'src/glue.c',
  share: 0.1,
  verdict: 'stock',
  reason: 'the stock compiler is as fast',
};
const tried = new Map([
  [
    'src/hash.c',
    [
      {
        configuration: { 'attr:noinline': ['f'] },
        origin: 'keep-callee-out',
        outcome: 'slower',
        speedup: 0.9,
        reason: 'f is big',
      },
      {
        configuration: { 'slp-threshold': 5 },
        origin: 'schedule',
        outcome: 'within-noise',
        speedup: 1,
        reason: 'first try',
      },
      {
        configuration: { 'slp-threshold': 5, 'attr:noinline': ['g'] },
        origin: 'slp-shuffles',
        outcome: 'faster',
        speedup: 1.05,
        reason: 'packing costs shuffles',
      },
    ],
  ],
] as const);

function trial(origin: string, configuration: Configuration, reason: string): TriedConfiguration {
  return { configuration, origin, reason, outcome: 'faster' };
}

it('tells for each lever what it adds and which evidence of the winning trial led to it', () => {
  const text = formatExplanation({
    tus: [tuned, stock],
    leverGains: { 'slp-threshold': { ratio: 1.04, ci: [1.02, 1.06] } },
    tried,
  });
  expect(text).toContain("src/hash.c, 80 % of the addon's time: slp-threshold=5 attr:noinline(1)");
  expect(text).toContain(
    '  slp-threshold=5: the addon is 1.040× as fast (1.020 to 1.060) as without it\n      packing costs shuffles',
  );
  expect(text).toContain('  attr:noinline(1)\n      packing costs shuffles');
  expect(text).toContain("src/glue.c, 10 % of the addon's time: stays with the stock compiler (the stock");
  expect(text.indexOf('1.050×  faster')).toBeLessThan(text.indexOf('0.900×  slower'));
});

it('tells code that was measured from configurations that gave the same', () => {
  const copy: TriedConfiguration = {
    ...trial('schedule', { misched: 'ilpmax' }, 'why not'),
    speedup: 1.05,
    isCopy: true,
  };
  const measured: TriedConfiguration = {
    ...trial('schedule', { 'slp-threshold': 5 }, 'first'),
    speedup: 1.05,
  };
  const text = formatExplanation({
    tus: [],
    leverGains: {},
    tried: new Map([['src/hash.c', [copy, measured]]]),
  });
  expect(text).toContain('2 configurations tried, 1 with code of their own');
  expect(text.indexOf('1.050×  faster ')).toBeLessThan(text.indexOf('1.050×  same code '));
});

it('names the evidence that first spoke for a lever, and where its value came from', () => {
  const unit: UnitResult = { ...tuned, levers: { 'unroll-threshold': 2000, 'unroll-runtime': true } };
  const trials = [
    trial('unroll-long-loops', { 'unroll-threshold': 1000 }, 'a long loop: unroll-threshold=1000, so that'),
    trial('unroll-long-loops', { 'unroll-runtime': true }, 'a while loop: unroll-runtime=true, so that'),
    trial(
      'combine',
      { 'unroll-threshold': 1000, 'unroll-runtime': true },
      'unroll-threshold=1000 and unroll-runtime=true',
    ),
    trial(
      'neighbour:combine',
      { 'unroll-threshold': 2000, 'unroll-runtime': true },
      'the neighbouring unroll-threshold=2000 may be better',
    ),
  ];
  const text = formatExplanation({ tus: [unit], leverGains: {}, tried: new Map([['src/hash.c', trials]]) });
  expect(text).toContain(`  unroll-threshold=2000
      a long loop: unroll-threshold=1000, so that
      the neighbouring unroll-threshold=2000 may be better
  unroll-runtime
      a while loop: unroll-runtime=true, so that
`);
});

it('does not cite what a file was tried with on top of a lever for the lever itself', () => {
  const unit: UnitResult = { ...tuned, levers: { 'mtune-x86': 'znver4', 'pgo-cs': 'ab' } };
  const tried = new Map([
    [
      'src/hash.c',
      [
        trial(
          'spills-in-hot-loop',
          { 'mtune-x86': 'znver4', 'pgo-cs': 'ab', 'fomit-frame-pointer': true },
          'spills: fomit-frame-pointer=true, so that',
        ),
      ],
    ],
    [
      'all hot files',
      [
        trial('profile', { 'pgo-cs': 'ab' }, 'many branches: counted again'),
        trial(
          'tune-for-host-x64',
          { 'mtune-x86': 'znver4', 'pgo-cs': 'ab' },
          'generic costs: mtune-x86=znver4, so that',
        ),
      ],
    ],
  ]);
  const text = formatExplanation({ tus: [unit], leverGains: {}, tried });
  expect(text).toContain(`  mtune-x86=znver4
      for all hot files: generic costs: mtune-x86=znver4, so that
  pgo-cs=ab
      for all hot files: many branches: counted again
`);
});

it('does not cite what was put on a level of gcc for the level', () => {
  const levers = { 'gcc:O-level': '-O3', 'gcc:profile': 'de364468' };
  const trials = [
    trial('gcc:profile', levers, 'guessed branches'),
    trial('gcc', { 'gcc:O-level': '-O3' }, 'the project compiles with gcc'),
    trial(
      'gcc',
      { ...levers, 'gcc:funroll-loops': true },
      'gcc with gcc:O-level=-O3 gcc:profile=de364468 measured 1.047, the best of clang 1.000: gcc:funroll-loops=true, so that loops are longer',
    ),
  ];
  const [result = ''] = formatExplanation({
    tus: [{ ...tuned, levers }],
    leverGains: {},
    tried: new Map([['src/hash.c', trials]]),
  }).split('\n\n');
  expect(result.split('\n').slice(3)).toEqual([
    '  gcc:O-level=-O3',
    '      the project compiles with gcc',
    '  gcc:profile=de364468',
    '      guessed branches',
  ]);
});

it('says what a profile did on other inputs', () => {
  const note = 'with a profile it was faster on the tuning inputs, and slower on the check inputs';
  const text = formatExplanation({ tus: [{ ...tuned, note }], leverGains: {}, tried });
  expect(text.split('\n').slice(2, 4)).toEqual([expect.stringContaining('over -O3'), `  ${note}`]);
});

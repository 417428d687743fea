import type { LeverRow } from './row.js';

/**
 * Options of gcc, added to the project's own command. None changes what a program computes, and all are older than the oldest gcc that
 * builds addons for a supported Node.
 */
export const gccFlags: readonly LeverRow[] = [
  ['gcc:O-level', ['-O3', '-O2'], { args: '{v}' }],
  [
    'gcc:profile',
    [],
    {
      shape: 'profile',
      // By the name of the object; which may have none, where the bench never ran its code.
      args: '-fprofile-use -dumpdir {v}/ -Wno-missing-profile -Wno-coverage-mismatch',
    },
  ],
  ['gcc:fno-schedule-insns2', 'flag', { group: 'gcc:schedule' }],
  ['gcc:fschedule-insns', 'flag', { group: 'gcc:schedule' }],
  ['gcc:frename-registers', 'flag'],
  ['gcc:fomit-frame-pointer', 'flag'],
  ['gcc:fno-tree-vectorize', 'flag', { group: 'gcc:vectorize' }],
  [
    'gcc:fvect-cost-model',
    ['very-cheap', 'cheap', 'dynamic'],
    { group: 'gcc:vectorize', args: '-fvect-cost-model={v}' },
  ],
  ['gcc:funroll-loops', 'flag', { group: 'gcc:unroll' }],
  ['gcc:fno-unroll-loops', 'flag', { group: 'gcc:unroll' }],
  ['gcc:fno-split-loops', 'flag'],
  ['gcc:fno-gcse-after-reload', 'flag'],
  ['gcc:fno-gcse', 'flag'],
  ['gcc:fno-ivopts', 'flag'],
  ['gcc:fno-tree-pre', 'flag'],
  ['gcc:falign-loops', [16, 32, 64], { powersOfTwo: true, args: '-falign-loops={v}' }],
  ['gcc:max-inline-insns-auto', [10, 30, 100], { args: '--param=max-inline-insns-auto={v}' }],
  [
    'gcc:mtune-x86',
    ['generic', 'haswell', 'skylake', 'icelake-server', 'znver2', 'znver3'],
    { target: 'x86-64', risk: 'safe', args: '-mtune={v}' },
  ],
];

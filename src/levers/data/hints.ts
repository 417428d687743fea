import { tuningCpus } from '../../target/cpus.js';
import type { LeverRow } from './row.js';

const x86Cpus = [
  'generic',
  'haswell',
  'skylake',
  'icelake-server',
  'znver2',
  'znver3',
  'znver4',
  'alderlake',
];

/**
 * Attributes of functions. Only those that promise nothing about the code: inlining, temperature, size, tuning.
 * Enum attributes go through `-force-attribute`, string attributes are written into the IR.
 */
export const functionAttributes: readonly LeverRow[] = [
  ['attr:noinline', [], { shape: 'functions' }],
  ['attr:alwaysinline', [], { shape: 'functions' }],
  ['attr:inlinehint', [], { shape: 'functions' }],
  ['attr:cold', [], { shape: 'functions' }],
  ['attr:hot', [], { shape: 'functions' }],
  ['attr:minsize', [], { shape: 'functions' }],
  ['attr:optsize', [], { shape: 'functions' }],
  ['attr:optnone', [], { shape: 'functions' }],
  ['attr:tune-cpu', [...x86Cpus, ...tuningCpus], { shape: 'function-map' }],
  ['attr:no-jump-tables', ['true'], { shape: 'function-map' }],
  ['attr:prefer-vector-width', ['128', '256', '512'], { shape: 'function-map', target: 'x86-64' }],
  ['attr:frame-pointer', ['none', 'non-leaf', 'all'], { shape: 'function-map' }],
  [
    'attr:target-features',
    [],
    {
      gate: 'blocked',
      shape: 'none',
      unreachable: 'can put instructions into code that runs on processors without them',
    },
  ],
];

/** Metadata of loops. */
export const loopMetadata: readonly LeverRow[] = [
  ['md:llvm.loop.unroll.count', [1, 2, 3, 4, 6, 8, 16, 32, 64]],
  ['md:llvm.loop.unroll.disable', 'flag'],
  ['md:llvm.loop.unroll.enable', 'flag'],
  ['md:llvm.loop.unroll.full', 'flag'],
  ['md:llvm.loop.unroll.runtime.disable', 'flag'],
  ['md:llvm.loop.vectorize.enable', 'bool'],
  ['md:llvm.loop.vectorize.width', [1, 2, 4, 8, 16, 32, 64], { powersOfTwo: true }],
  ['md:llvm.loop.vectorize.predicate.enable', 'bool'],
  ['md:llvm.loop.vectorize.scalable.enable', 'bool', { target: 'aarch64' }],
  ['md:llvm.loop.interleave.count', [1, 2, 4, 8, 16], { powersOfTwo: true }],
  ['md:llvm.loop.distribute.enable', 'bool'],
  [
    'md:llvm.loop.unroll_and_jam.count',
    [2, 4, 8],
    { gate: 'opt-in', blockedBelow: 22, risk: 'wrong code before LLVM 22' },
  ],
  ['md:llvm.loop.licm_versioning.disable', 'flag'],
  ['md:llvm.loop.disable_nonforced', 'flag'],
  ['md:llvm.loop.estimated_trip_count', [1, 1_000_000]],
  ['md:llvm.licm.disable', 'flag'],
];

import type { RowExtras } from './row.js';

/** Tuning features: id and LLVM name. They change no instruction set. */
export const x86Features: readonly (readonly [id: string, feature: string, extras?: RowExtras])[] = [
  ['x86-tune-slow-3ops-lea', 'slow-3ops-lea'],
  ['x86-tune-slow-incdec', 'slow-incdec'],
  ['x86-tune-idivq-to-divl', 'idivq-to-divl'],
  ['x86-tune-fast-gather', 'fast-gather'],
  ['x86-tune-prefer-no-gather', 'prefer-no-gather'],
  ['x86-tune-prefer-256-bit', 'prefer-256-bit'],
  ['x86-tune-prefer-128-bit', 'prefer-128-bit'],
  ['x86-tune-fast-variable-crosslane-shuffle', 'fast-variable-crosslane-shuffle'],
  ['x86-tune-fast-variable-perlane-shuffle', 'fast-variable-perlane-shuffle'],
  ['x86-tune-macrofusion', 'macrofusion'],
  ['x86-tune-branchfusion', 'branchfusion'],
  ['x86-tune-false-deps-popcnt', 'false-deps-popcnt'],
  ['x86-tune-false-deps-lzcnt-tzcnt', 'false-deps-lzcnt-tzcnt'],
  ['x86-tune-fast-scalar-fsqrt', 'fast-scalar-fsqrt'],
  ['x86-tune-fast-hops', 'fast-hops'],
  ['x86-tune-ermsb', 'ermsb'],
  ['x86-tune-fsrm', 'fsrm'],
  ['x86-tune-slow-unaligned-mem-16', 'slow-unaligned-mem-16'],
  ['x86-tune-slow-unaligned-mem-32', 'slow-unaligned-mem-32'],
  ['x86-tune-sbb-dep-breaking', 'sbb-dep-breaking'],
  ['x86-tune-slow-shld', 'slow-shld'],
  ['x86-tune-faster-shift-than-shuffle', 'faster-shift-than-shuffle'],
  ['x86-tune-fast-imm16', 'fast-imm16'],
  ['x86-tune-slow-two-mem-ops', 'slow-two-mem-ops'],
];

/** Tuning features: id and LLVM name. They change no instruction set. */
export const aarch64Features: readonly (readonly [id: string, feature: string, extras?: RowExtras])[] = [
  ['a64-tune-alu-lsl-fast', 'alu-lsl-fast'],
  ['a64-tune-fuse-literals', 'fuse-literals'],
  ['a64-tune-fuse-adrp-add', 'fuse-adrp-add'],
  ['a64-tune-use-postra-scheduler', 'use-postra-scheduler'],
  ['a64-tune-predictable-select-expensive', 'predictable-select-expensive'],
  ['a64-tune-enable-select-opt', 'enable-select-opt'],
  ['a64-tune-slow-misaligned-128store', 'slow-misaligned-128store'],
  ['a64-tune-slow-paired-128', 'slow-paired-128'],
  ['a64-tune-disable-latency-sched-heuristic', 'disable-latency-sched-heuristic'],
  ['a64-tune-disable-ldp', 'disable-ldp'],
  ['a64-tune-balance-fp-ops', 'balance-fp-ops'],
  ['a64-tune-ascend-store-address', 'ascend-store-address'],
  ['a64-tune-store-pair-suppress', 'store-pair-suppress'],
];

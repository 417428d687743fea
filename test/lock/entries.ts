import type { LockEntry } from '../../src/lock/types.js';

/** A valid entry; `changes` replace fields. */
export function entry(changes: Partial<LockEntry> = {}): LockEntry {
  return {
    file: 'src/codec.c',
    target: 'linux-glibc-x64/x86-64-v1',
    compiler: { vendor: 'llvm', version: '19.1.7', major: 19 },
    levers: { 'inline-threshold': 400, 'attr:noinline': ['slow_path'] },
    source: 'a'.repeat(64),
    includes: ['include/codec.h'],
    objectHash: 'b'.repeat(64),
    measured: { speedup: 1.08, ci: [1.05, 1.11], vsStock: 1.2, vsStockCi: [1.15, 1.25], noiseFloor: 0.01 },
    policy: 'expert',
    ...changes,
  };
}

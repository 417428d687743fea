import { spillCount } from './remarks.js';
import type { AssemblyFacts, Evidence } from './types.js';

/** What changed in the machine code of the functions that both sides have. */
export interface AssemblyDelta {
  readonly function: string;
  /** After minus before. */
  readonly instructions: number;
  readonly bytes: number;
  readonly vector: number;
  readonly calls: number;
  readonly branches: number;
  readonly cmov: number;
  readonly stackAccesses: number;
  readonly indirectCalls: number;
  readonly indirectJumps: number;
  readonly divisions: number;
  /** Bytes after over bytes before. */
  readonly growth: number;
}

/** Functions on both sides whose code differs, in the order of `before`. */
export function assemblyDelta(
  before: readonly AssemblyFacts[],
  after: readonly AssemblyFacts[],
): AssemblyDelta[] {
  const others = new Map(after.map((facts) => [facts.function, facts]));
  return before.flatMap((old) => {
    const now = others.get(old.function);
    if (now === undefined) return [];
    const delta: AssemblyDelta = {
      function: old.function,
      instructions: now.instructions - old.instructions,
      bytes: now.bytes - old.bytes,
      vector: now.vector - old.vector,
      calls: now.calls - old.calls,
      indirectCalls: now.indirectCalls - old.indirectCalls,
      branches: now.branches - old.branches,
      cmov: now.cmov - old.cmov,
      stackAccesses: now.stackAccesses - old.stackAccesses,
      indirectJumps: now.indirectJumps - old.indirectJumps,
      divisions: now.divisions - old.divisions,
      growth: old.bytes > 0 ? now.bytes / old.bytes : 1,
    };
    const { function: _, growth, ...counts } = delta;
    return growth !== 1 || Object.values(counts).some((count) => count !== 0) ? [delta] : [];
  });
}

/** The unit-wide differences that explain why a configuration lost. Sums over the hot functions of both sides. */
export interface EvidenceChange {
  /** Bytes after over bytes before. */
  readonly growth: number;
  readonly stackAccesses: number;
  /** Spills and reloads that regalloc reported. */
  readonly spills: number;
  readonly vector: number;
  readonly calls: number;
  readonly vectorizedLoops: number;
}

export function evidenceChange(before: Evidence, after: Evidence): EvidenceChange {
  const names = new Set(before.assembly.map((facts) => facts.function));
  const kept = after.assembly.filter((facts) => names.has(facts.function));
  const keptNames = new Set(kept.map((facts) => facts.function));
  const old = before.assembly.filter((facts) => keptNames.has(facts.function));
  const total = (
    side: readonly AssemblyFacts[],
    key: 'bytes' | 'stackAccesses' | 'vector' | 'calls',
  ): number => side.reduce((count, facts) => count + facts[key], 0);
  const bytes = total(old, 'bytes');
  return {
    growth: bytes > 0 ? total(kept, 'bytes') / bytes : 1,
    stackAccesses: total(kept, 'stackAccesses') - total(old, 'stackAccesses'),
    spills: spills(after) - spills(before),
    vector: total(kept, 'vector') - total(old, 'vector'),
    calls: total(kept, 'calls') - total(old, 'calls'),
    vectorizedLoops: vectorizedLoops(after) - vectorizedLoops(before),
  };
}

/** The change of several units taken together; growth is the mean. */
export function joinChanges(changes: readonly EvidenceChange[]): EvidenceChange {
  const sum = (of: (change: EvidenceChange) => number): number =>
    changes.reduce((total, change) => total + of(change), 0);
  return {
    growth: sum(({ growth }) => growth) / Math.max(1, changes.length),
    stackAccesses: sum(({ stackAccesses }) => stackAccesses),
    spills: sum(({ spills }) => spills),
    vector: sum(({ vector }) => vector),
    calls: sum(({ calls }) => calls),
    vectorizedLoops: sum(({ vectorizedLoops }) => vectorizedLoops),
  };
}

function spills(evidence: Evidence): number {
  return evidence.remarks
    .filter((remark) => remark.pass === 'regalloc' && remark.name === 'SpillReloadCopies')
    .reduce((count, remark) => count + spillCount(remark.args), 0);
}

function vectorizedLoops(evidence: Evidence): number {
  return evidence.remarks.filter((remark) => remark.pass === 'loop-vectorize' && remark.name === 'Vectorized')
    .length;
}

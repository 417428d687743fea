import type { KnowledgeEntry } from '../../../src/policy/knowledge/entry.js';
import { fingerprintLength } from '../../../src/policy/knowledge/fingerprint.js';
import { fingerprintVersion } from '../../../src/policy/knowledge/probes.js';

export const target = { arch: 'x64', major: 19, level: 'x86-64-v1' } as const;

/** A fingerprint whose first reactions are these. */
export function fingerprint(...reactions: readonly number[]): number[] {
  return Array.from({ length: fingerprintLength }, (_, index) => reactions[index] ?? 0);
}

export function knowledge(changes: Partial<KnowledgeEntry> = {}): KnowledgeEntry {
  return {
    id: '0123456789abcdef',
    version: fingerprintVersion(target),
    fingerprint: fingerprint(1, 0.5),
    results: [{ levers: { 'fno-vectorize': true }, speedup: 1.06, ci: [1.04, 1.08] }],
    ...changes,
  };
}

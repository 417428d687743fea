import { checkConfiguration } from '../../levers/check.js';
import { profileLeverOf } from '../../levers/profiles.js';
import type { Configuration, RenderTarget } from '../../levers/types.js';
import type { SimilarUnit } from '../types.js';
import { isPortable, type KnowledgeEntry, type KnownResult } from './entry.js';
import { type Fingerprint, similarity } from './fingerprint.js';
import { fingerprintVersion } from './probes.js';

export interface SimilarContext {
  readonly target: RenderTarget;
  readonly allow: readonly string[];
  /** The session's profiles, each as the configuration that uses it. */
  readonly profiles: readonly Configuration[];
}

/** Below this similarity code of different kinds is found too. */
const leastSimilarity = 0.5;
const mostUnits = 3;

/** An entry of this compiler and processor, with configurations that can be used as they are. */
export interface UsableEntry {
  readonly fingerprint: Fingerprint;
  readonly results: SimilarUnit['results'];
}

export function usableEntries(entries: readonly KnowledgeEntry[], context: SimilarContext): UsableEntry[] {
  const version = fingerprintVersion(context.target);
  return entries.flatMap(({ version: other, fingerprint, results }) => {
    if (other !== version) return [];
    const usable = results.flatMap((result) => usableResult(result, context));
    return usable.length > 0 ? [{ fingerprint, results: usable }] : [];
  });
}

function usableResult(
  { levers, profile, speedup, ci }: KnownResult,
  { target, allow, profiles }: SimilarContext,
): SimilarUnit['results'] {
  const own = profile === undefined ? {} : profiles.find((one) => profileLeverOf(one) === profile);
  if (own === undefined || !isPortable(levers)) return [];
  const check = checkConfiguration({ ...levers, ...own }, { allow }, target);
  if (!check.ok || Object.keys(check.configuration).length === 0) return [];
  return [{ configuration: check.configuration, speedup, ci }];
}

/** The nearest neighbours, most similar first. */
export function nearestUnits(fingerprint: Fingerprint, entries: readonly UsableEntry[]): SimilarUnit[] {
  return entries
    .map(({ fingerprint: other, results }) => ({ similarity: similarity(fingerprint, other), results }))
    .filter((unit) => unit.similarity >= leastSimilarity)
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, mostUnits);
}

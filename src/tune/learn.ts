import { createHash } from 'node:crypto';
import { configurationKey } from '../levers/configuration-key.js';
import type { Configuration } from '../levers/types.js';
import { type KnowledgeEntry, type KnownResult, mostResults, portable } from '../policy/knowledge/entry.js';
import type { Fingerprint } from '../policy/knowledge/fingerprint.js';
import type { PolicyTrial } from '../policy/types.js';
import { keyOf, type Ratio, type TuneResult } from './result.js';
import { addonScope } from './scopes.js';

/** A trial whose whole interval is below this has clearly lost. */
const clearLoss = 0.99;

/** An entry on the code of a scope: what was confirmed at the end of the session, and trials that clearly lost. */
export function entryOf(
  subject: { readonly id: readonly string[]; readonly version: string; readonly fingerprint: Fingerprint },
  results: readonly KnownResult[],
): KnowledgeEntry {
  const { version, fingerprint } = subject;
  const id = createHash('sha256')
    .update(JSON.stringify([...subject.id, version]))
    .digest('hex')
    .slice(0, 16);
  return { id, version, fingerprint, results };
}

/** What a session showed about a scope, by its key, that means something for other code; the winner first. */
export function learnedOf(
  key: string,
  history: readonly PolicyTrial[],
  session: Pick<TuneResult, 'tus' | 'addon'>,
): KnownResult[] {
  const won = confirmed(key, session);
  const lost = history
    .filter(({ ci }) => ci !== undefined && ci[1] < clearLoss)
    .sort((a, b) => (a.speedup ?? 1) - (b.speedup ?? 1))
    .map(({ configuration, speedup = 1, ci = [1, 1] }) => ({ configuration, ratio: speedup, ci }));
  return [...(won === undefined ? [] : [won]), ...lost]
    .flatMap(({ configuration, ratio, ci }): KnownResult[] => {
      const known = portable(configuration);
      return known === undefined
        ? []
        : [{ ...known, speedup: round(ratio), ci: [round(ci[0]), round(ci[1])] }];
    })
    .slice(0, mostResults);
}

/** The final configuration where its gain over -O3 was confirmed; for all units together, where they have the same. */
function confirmed(
  key: string,
  { tus, addon }: Pick<TuneResult, 'tus' | 'addon'>,
): (Ratio & { readonly configuration: Configuration }) | undefined {
  const units = key === addonScope ? tus : tus.filter((unit) => keyOf(unit) === key);
  const [first] = units;
  const isShared = units.every(
    ({ levers, verdict }) =>
      verdict === 'tuned' &&
      first !== undefined &&
      configurationKey(levers) === configurationKey(first.levers),
  );
  if (first === undefined || !isShared) return undefined;
  const { ratio, ci } = key === addonScope ? addon.vsO3 : { ratio: first.speedup, ci: first.ci };
  return ci[0] > 1 ? { configuration: first.levers, ratio, ci } : undefined;
}

function round(ratio: number): number {
  return Number(ratio.toFixed(4));
}

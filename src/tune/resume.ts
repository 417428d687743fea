import { isForGcc } from '../levers/gcc.js';
import type { Budget } from './budget.js';
import type { JournalEvent } from './journal.js';
import type { Scope } from './scopes.js';
import { seenTrials } from './seen-trials.js';
import { addRival } from './units.js';
import type { Workspace } from './workspace.js';

/**
 * Brings scopes and their units to where an unfinished session left them: trials are not repeated, incumbents are
 * compiled again (the same compiler and sources give the same object).
 * @returns how many measured trials were taken over.
 */
export async function restore(
  events: readonly JournalEvent[],
  scopes: readonly Scope[],
  workspace: Workspace,
  budget: Budget,
): Promise<number> {
  const byKey = new Map(scopes.map((scope) => [scope.key, scope]));
  const units = scopes.flatMap((scope) => (scope.kind === 'unit' ? scope.units : []));
  let measured = 0;
  for (const event of events) {
    if (event.type !== 'trial' && event.type !== 'incumbent') continue;
    const scope = byKey.get(event.unit);
    if (scope === undefined) continue;
    if (event.type === 'trial') {
      scope.history.push(...seenTrials(scope.units, units, [event.trial]));
      if (event.objectHash !== undefined && !scope.seen.has(event.objectHash))
        scope.seen.set(event.objectHash, event.trial);
      if (event.measured) {
        if (!event.sameBuild) measured++;
        scope.sinceGain++;
      }
    } else if (await restoreIncumbent(event, scope, workspace)) scope.sinceGain = 0;
  }
  budget.countTrials(measured);
  return measured;
}

async function restoreIncumbent(
  event: JournalEvent & { type: 'incumbent' },
  scope: Scope,
  workspace: Workspace,
): Promise<boolean> {
  const { configuration, speedup, cases } = event;
  const outcomes = await workspace.compileAll(scope.units.map(({ command }) => ({ command, configuration })));
  if (outcomes.some(({ kind }) => kind !== 'compiled')) return false;
  for (const [index, unit] of scope.units.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== 'compiled') continue;
    const restored = { configuration, object: outcome.object, speedup, ...(cases && { cases }) };
    if (isForGcc(configuration)) addRival(unit, scope.kind, restored);
    else unit.incumbent = restored;
  }
  return true;
}

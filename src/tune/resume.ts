import type { Budget } from './budget.js';
import type { JournalEvent } from './journal.js';
import type { TunedUnit } from './units.js';
import type { Workspace } from './workspace.js';

/**
 * Brings units to where an unfinished session left them: trials are not repeated, incumbents are compiled again
 * (the same compiler and sources give the same object).
 * @returns how many measured trials were taken over.
 */
export async function restore(
  events: readonly JournalEvent[],
  units: readonly TunedUnit[],
  workspace: Workspace,
  budget: Budget,
): Promise<number> {
  const byKey = new Map(units.map((unit) => [unit.key, unit]));
  let measured = 0;
  for (const event of events) {
    if (event.type !== 'trial' && event.type !== 'incumbent') continue;
    const unit = byKey.get(event.unit);
    if (unit === undefined) continue;
    if (event.type === 'trial') {
      unit.history.push(event.trial);
      if (event.objectHash !== undefined && !unit.seen.has(event.objectHash))
        unit.seen.set(event.objectHash, event.trial);
      if (event.measured) {
        measured++;
        unit.sinceGain++;
      }
    } else {
      const outcome = await workspace.compile(unit.command, event.configuration);
      if (outcome.kind !== 'compiled') continue;
      unit.incumbent = { configuration: event.configuration, object: outcome.object, speedup: event.speedup };
      unit.sinceGain = 0;
    }
  }
  budget.countTrials(measured);
  return measured;
}

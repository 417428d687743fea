import type { Config } from '../../config/load.js';
import type { Logger } from '../../log.js';
import { type JournalEvent, journalFile, readJournal } from '../../tune/journal.js';
import { tune } from '../../tune/tune.js';
import type { PolicyMethod } from './methods.js';
import type { SessionRecord, SessionSettings } from './results.js';
import { stepsOf } from './series.js';

export interface SessionRequest {
  /** Of a copy of the addon that only this policy uses. */
  readonly config: Config;
  readonly policy: PolicyMethod;
  readonly settings: SessionSettings;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Runs one policy's session; the package is left as the session's lock builds it. A killed session goes on. */
export async function runSession(request: SessionRequest): Promise<SessionRecord> {
  const { config, policy, settings, logger, signal } = request;
  const { trials, minutes, seed } = settings;
  const result = await tune({ ...config, policy, seed, budget: { trials, minutes } }, { logger, signal });
  return {
    settings,
    verdict: result.verdict,
    trials: result.trials,
    elapsedMs: result.elapsedMs,
    steps: stepsOf(await lastSession(config.packageRoot)),
  };
}

async function lastSession(packageRoot: string): Promise<JournalEvent[]> {
  let events: JournalEvent[] = [];
  for await (const event of readJournal(journalFile(packageRoot))) {
    if (event.type === 'session') events = [];
    else events.push(event);
  }
  return events;
}

/** Whether a session that was run answers what is asked now. */
export function isSameSession(record: SessionRecord | undefined, settings: SessionSettings): boolean {
  const before = record?.settings;
  return (
    before?.trials === settings.trials && before.minutes === settings.minutes && before.seed === settings.seed
  );
}

import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Configuration } from '../levers/types.js';
import type { PolicyTrial } from '../policy/types.js';
import type { TuneResult } from './result.js';

/** What identifies a session: another value of any field starts a new one. */
export interface SessionIdentity {
  readonly target: string;
  readonly compiler: string;
  readonly policy: string;
  readonly seed: number;
  /** SHA-256 over bench, build record and sources. */
  readonly fingerprint: string;
}

/** One line of the journal. `unit` is the key of a translation unit, `elapsedMs` counts from the session's start. */
export type JournalEvent =
  | { readonly type: 'session'; readonly identity: SessionIdentity; readonly at: string }
  | {
      readonly type: 'trial';
      readonly unit: string;
      readonly trial: PolicyTrial;
      readonly reason: string;
      readonly objectHash?: string;
      readonly measured: boolean;
      /** Measured in the build of another trial of the batch, on another unit, and counted there. */
      readonly sameBuild?: boolean;
      readonly elapsedMs: number;
    }
  | {
      readonly type: 'incumbent';
      readonly unit: string;
      readonly configuration: Configuration;
      readonly speedup: number;
      readonly cases?: Readonly<Record<string, number>>;
      readonly elapsedMs: number;
    }
  /** Profiles that the session's candidates may be compiled with; a resumed session trains no others. */
  | { readonly type: 'profiles'; readonly profiles: readonly Configuration[] }
  | { readonly type: 'end'; readonly elapsedMs: number; readonly summary: TuneResult };

/** Append-only JSON lines; every event is on disk before the next trial starts. */
export class Journal {
  private constructor(private readonly file: FileHandle) {}

  static async open(file: string): Promise<Journal> {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(file, 'a+');
    await endUnfinishedLine(handle);
    return new Journal(handle);
  }

  async append(event: JournalEvent): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(event)}\n`);
    await this.file.datasync();
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** A process killed while writing leaves half a line: end it, so that the next event stands on its own. */
async function endUnfinishedLine(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat();
  if (size === 0) return;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  if (last[0] !== 0x0a) await handle.appendFile('\n');
}

/**
 * Events of the last session when it has this identity and did not end; otherwise undefined. Lines that are not
 * whole are skipped.
 */
export async function unfinishedSession(
  file: string,
  identity: SessionIdentity,
): Promise<JournalEvent[] | undefined> {
  let events: JournalEvent[] | undefined;
  for await (const event of readJournal(file)) {
    if (event.type === 'session') events = sameIdentity(event.identity, identity) ? [] : undefined;
    else if (event.type === 'end') events = undefined;
    else events?.push(event);
  }
  return events;
}

/** Where a package's journal is. */
export function journalFile(packageRoot: string): string {
  return path.join(packageRoot, '.autopass', 'journal.jsonl');
}

/** All whole events of a journal, oldest first; none when there is no file. */
export async function* readJournal(file: string): AsyncGenerator<JournalEvent> {
  const input = createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) {
      const event = parseEvent(line);
      if (event !== undefined) yield event;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function parseEvent(line: string): JournalEvent | undefined {
  try {
    const event = JSON.parse(line) as JournalEvent;
    return ['session', 'profiles', 'trial', 'incumbent', 'end'].includes(event.type) ? event : undefined;
  } catch {
    return undefined;
  }
}

function sameIdentity(a: SessionIdentity, b: SessionIdentity): boolean {
  return (
    a.target === b.target &&
    a.compiler === b.compiler &&
    a.policy === b.policy &&
    a.seed === b.seed &&
    a.fingerprint === b.fingerprint
  );
}

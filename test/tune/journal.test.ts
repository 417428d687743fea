import { appendFile, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  Journal,
  type JournalEvent,
  type SessionIdentity,
  unfinishedSession,
} from '../../src/tune/journal.js';
import type { TuneResult } from '../../src/tune/result.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-journal-'));
  file = path.join(folder, 'state', 'journal.jsonl');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const identity: SessionIdentity = {
  target: 'linux-glibc-x64/x86-64-v1',
  compiler: 'abc',
  policy: 'expert',
  seed: 1,
  fingerprint: 'f',
};

function trial(threshold: number): JournalEvent {
  const configuration = { 'inline-threshold': threshold };
  return {
    type: 'trial',
    unit: 'a.c',
    trial: { configuration, origin: 'test', outcome: 'slower', speedup: 0.9, ci: [0.88, 0.92] },
    reason: 'because',
    measured: true,
    elapsedMs: 10,
  };
}

async function write(...events: JournalEvent[]): Promise<void> {
  const journal = await Journal.open(file);
  for (const event of events) await journal.append(event);
  await journal.close();
}

it('gives back every event of a session that did not end', async () => {
  const profile = { type: 'profiles', profiles: [{ 'pgo-ir': 'a'.repeat(64) }] } as const;
  await write({ type: 'session', identity, at: 'now' }, profile, trial(100), trial(200));
  expect(await unfinishedSession(file, identity)).toEqual([profile, trial(100), trial(200)]);
});

it('loses at most the line that was being written', async () => {
  await write({ type: 'session', identity, at: 'now' }, trial(100), trial(200));
  const { length } = await readFile(file);
  await truncate(file, length - 7);
  expect(await unfinishedSession(file, identity)).toEqual([trial(100)]);
  await write(trial(300));
  expect(await unfinishedSession(file, identity)).toEqual([trial(100), trial(300)]);
});

it('does not resume a session that ended, or one of other sources, compiler, policy or seed', async () => {
  await write({ type: 'session', identity, at: 'now' }, trial(100));
  for (const other of [
    { fingerprint: 'g' },
    { compiler: 'x' },
    { policy: 'random' },
    { seed: 2 },
    { target: 't' },
  ]) {
    expect(await unfinishedSession(file, { ...identity, ...other })).toBeUndefined();
  }
  await write({ type: 'end', elapsedMs: 20, summary: {} as TuneResult });
  expect(await unfinishedSession(file, identity)).toBeUndefined();
});

it('survives lines that are not ours', async () => {
  await write({ type: 'session', identity, at: 'now' });
  await appendFile(file, 'null\n{"type":"strange"}\n[1]\n');
  await write(trial(100));
  expect(await unfinishedSession(file, identity)).toEqual([trial(100)]);
});

it('has nothing to resume where there is no journal', async () => {
  expect(await unfinishedSession(file, identity)).toBeUndefined();
});

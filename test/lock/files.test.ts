import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatLock } from '../../src/lock/format.js';
import { maxLockSize } from '../../src/lock/parse.js';
import { readLock } from '../../src/lock/read.js';
import { sourceHash } from '../../src/lock/source-hash.js';
import { writeLock } from '../../src/lock/write.js';
import { entry } from './entries.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autopass-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lock = { version: 1, entries: [entry()] } as const;

test('a written lock reads back, and nothing else is left in the folder', async () => {
  const path = join(folder, 'autopass.lock');
  expect(await writeLock(path, lock)).toBe(true);
  expect(await readLock(path)).toEqual({ kind: 'ok', lock, problems: [] });
  expect(readdirSync(folder)).toEqual(['autopass.lock']);
});

test('an identical lock is not written again', async () => {
  const path = join(folder, 'autopass.lock');
  await writeLock(path, lock);
  const before = statSync(path, { bigint: true });
  expect(await writeLock(path, { version: 1, entries: [entry()] })).toBe(false);
  const after = statSync(path, { bigint: true });
  expect([after.mtimeNs, after.ino]).toEqual([before.mtimeNs, before.ino]);
  expect(await writeLock(path, { version: 1, entries: [] })).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(formatLock({ version: 1, entries: [] }));
});

test('a failed write leaves no temporary file and throws', async () => {
  mkdirSync(join(folder, 'autopass.lock'));
  await expect(writeLock(join(folder, 'autopass.lock'), lock)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(['autopass.lock']);
});

test('a missing lock is missing; a folder or a huge file in its place is invalid', async () => {
  expect(await readLock(join(folder, 'autopass.lock'))).toEqual({ kind: 'missing' });
  expect(await readLock(folder)).toMatchObject({ kind: 'invalid' });
  writeFileSync(join(folder, 'big'), Buffer.alloc(maxLockSize + 10, ' '));
  expect(await readLock(join(folder, 'big'))).toMatchObject({
    kind: 'invalid',
    problem: { reason: 'is larger than 4 MB' },
  });
});

test('the source hash ignores comments and the order of headers, and sees every change of code', async () => {
  writeFileSync(join(folder, 'a.c'), '#include "b.h"\nint f(void) { return B; } /* one */\n');
  writeFileSync(join(folder, 'b.h'), '#define B 1\n');
  writeFileSync(join(folder, 'c.h'), '#define C 1\n');
  const first = await sourceHash(folder, 'a.c', ['b.h', 'c.h']);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  writeFileSync(join(folder, 'a.c'), '#include "b.h"\n\nint f(void) {\n  return B; // two\n}\n');
  expect(await sourceHash(folder, 'a.c', ['c.h', 'b.h'])).toBe(first);
  expect(await sourceHash(folder, 'a.c', ['b.h'])).not.toBe(first);
  writeFileSync(join(folder, 'b.h'), '#define B 2\n');
  expect(await sourceHash(folder, 'a.c', ['b.h', 'c.h'])).not.toBe(first);
});

test('a missing or an outside header gives no hash', async () => {
  writeFileSync(join(folder, 'a.c'), 'int a;');
  expect(await sourceHash(folder, 'a.c', ['b.h'])).toBeUndefined();
  expect(await sourceHash(folder, '../a.c', [])).toBeUndefined();
  expect(await sourceHash(folder, 'a.c', [join(folder, 'a.c')])).toBeUndefined();
});

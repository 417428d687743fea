import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeEntry, upsertEntry } from '../../src/lock/edit.js';
import { formatLock } from '../../src/lock/format.js';
import { parseLock } from '../../src/lock/parse.js';
import type { Lock } from '../../src/lock/types.js';
import { entry } from './entries.js';

const arm = 'linux-glibc-arm64/armv8-a';
const lock: Lock = {
  version: 1,
  entries: [
    entry({ file: 'src/m.c' }),
    entry({ file: 'src/f.c', object: 'Release/obj.target/x/src/f.o' }),
    entry(),
  ],
};

function reread(text: string): Lock {
  const reading = parseLock(text, 'autopass.lock');
  if (reading.kind !== 'ok' || reading.problems.length > 0) throw new Error(JSON.stringify(reading));
  return reading.lock;
}

test('writing what was read gives the same bytes', () => {
  const text = formatLock(lock);
  expect(formatLock(reread(text))).toBe(text);
  expect(text.endsWith(']\n}\n')).toBe(true);
});

test('neither the order of entries nor of keys changes the bytes', () => {
  const reversed = lock.entries.map((one) => Object.fromEntries(Object.entries(one).reverse()) as typeof one);
  expect(formatLock({ version: 1, entries: [...reversed].reverse() })).toBe(formatLock(lock));
});

test('adding and removing an entry comes back to the same bytes', () => {
  const added = upsertEntry(lock, entry({ target: arm, levers: {} }));
  expect(added.entries).toHaveLength(4);
  expect(formatLock(removeEntry(added, 'src/codec.c', undefined, arm))).toBe(formatLock(lock));
});

test('an entry replaces the one of the same file, object and target only', () => {
  const changed = upsertEntry(lock, entry({ policy: 'random' }));
  expect(changed.entries.map(({ policy }) => policy).sort()).toEqual(['expert', 'expert', 'random']);
});

test('git merges entries that two branches added in different places', () => {
  const folder = mkdtempSync(join(tmpdir(), 'autopass-merge-'));
  try {
    const write = (name: string, content: Lock) => writeFileSync(join(folder, name), formatLock(content));
    const ours = upsertEntry(lock, entry({ file: 'src/a.c' }));
    const theirs = upsertEntry(
      upsertEntry(lock, entry({ file: 'src/z.c' })),
      entry({ file: 'src/h.c', target: arm }),
    );
    write('base', lock);
    write('ours', ours);
    write('theirs', theirs);
    execFileSync('git', ['merge-file', 'ours', 'base', 'theirs'], { cwd: folder });
    const merged = readFileSync(join(folder, 'ours'), 'utf8');
    const both = ['src/z.c', 'src/h.c'].reduce((all, file) => {
      const found = theirs.entries.find((one) => one.file === file);
      return found === undefined ? all : upsertEntry(all, found);
    }, ours);
    expect(merged).toBe(formatLock(both));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('git merges a changed entry with a new neighbour', () => {
  const folder = mkdtempSync(join(tmpdir(), 'autopass-merge-'));
  try {
    const write = (name: string, content: Lock) => writeFileSync(join(folder, name), formatLock(content));
    const ours = upsertEntry(lock, entry({ levers: { 'inline-threshold': 600 } }));
    const theirs = upsertEntry(lock, entry({ file: 'src/zz.c' }));
    write('base', lock);
    write('ours', ours);
    write('theirs', theirs);
    execFileSync('git', ['merge-file', 'ours', 'base', 'theirs'], { cwd: folder });
    const merged = readFileSync(join(folder, 'ours'), 'utf8');
    expect(merged).toBe(formatLock(upsertEntry(ours, entry({ file: 'src/zz.c' }))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

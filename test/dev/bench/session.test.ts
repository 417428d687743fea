import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { copyPackage } from '../../../src/dev/bench/copy-package.js';
import { isSameSession } from '../../../src/dev/bench/session.js';
import { writeFiles } from '../../build/support.js';
import { sessionOf } from './results-support.js';

it('runs a session again only when something else is asked', () => {
  const settings = { trials: 40, minutes: 12, seed: 1 };
  expect(isSameSession(sessionOf([]), settings)).toBe(true);
  expect(isSameSession(sessionOf([]), { ...settings, trials: 41 })).toBe(false);
  expect(isSameSession(undefined, settings)).toBe(false);
});

it('copies a package without what was built or tuned in it', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-copy-'));
  try {
    const from = path.join(folder, 'from');
    await writeFiles(from, {
      'package.json': '{}',
      'src/build/a.c': '',
      'build/Release/x.node': '',
      '.autopass/journal.jsonl': '',
      'autopass.lock': '',
    });
    const copy = await copyPackage(from, path.join(folder, 'to'));
    expect((await readdir(copy)).sort()).toEqual(['package.json', 'src']);
    expect(await readdir(path.join(copy, 'src/build'))).toEqual(['a.c']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { profileHash } from '../../src/build/profile-state.js';
import { gccProfile, profileFile, profilesFolder } from '../../src/levers/profiles.js';
import { readLock } from '../../src/lock/read.js';
import type { LockEntry } from '../../src/lock/types.js';
import { writeLock } from '../../src/lock/write.js';
import type { TuneResult } from '../../src/tune/result.js';
import { writeFiles } from '../build/support.js';
import { sumsAddon } from './sums-addon.js';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const file = 'src/sums.c';
const object = 'build/Release/obj.target/sums/src/sums.o';

/** What clang makes of it is three times as much work, whatever the machine. */
const source = `#include "sums.h"
#ifdef __clang__
static volatile int rounds = 3;
#else
static volatile int rounds = 1;
#endif
unsigned sums(const unsigned char *bytes, unsigned length) {
  unsigned total = 0;
  for (int round = rounds; round > 0; round--) {
    total = 0;
    for (unsigned i = 0; i < length; i++) total += (bytes[i] ^ 0x5a) * 3u + (bytes[i] >> 2);
  }
  return total;
}
`;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'autopass-gcc-'));
  const config = '{"bench":"./bench.mjs","isa":"baseline","budget":{"minutes":1,"trials":8}}';
  await writeFiles(root, { ...sumsAddon, [file]: source, 'autopass.config.json': config });
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function autopass(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { stdout, stderr } = await execa(process.execPath, [cli, ...args], { cwd: root, env: { CI: '' } });
  return { stdout, stderr };
}

async function entryOfSums(): Promise<LockEntry> {
  const reading = await readLock(path.join(root, 'autopass.lock'), { allow: [] });
  const entry = reading.kind === 'ok' ? reading.lock.entries.find((one) => one.file === file) : undefined;
  if (entry === undefined) throw new Error(`no entry: ${JSON.stringify(reading)}`);
  return entry;
}

async function builtObject(): Promise<string> {
  await rm(path.join(root, 'build'), { recursive: true, force: true });
  await autopass('build');
  return createHash('sha256')
    .update(await readFile(path.join(root, object)))
    .digest('hex');
}

it("finds that the project's own gcc wins at another level, and builds apply that", async () => {
  const result = JSON.parse((await autopass('tune', '--json')).stdout) as TuneResult;
  expect(result.verdict).toBe('faster');
  expect(result.addon.vsStock.ci[0]).toBeGreaterThan(1.2);
  const unit = result.tus.find((one) => one.file === file);
  expect(unit?.levers).toMatchObject({ 'gcc:O-level': '-O3' });
  expect(unit?.reason).toContain("of the project's own gcc");
  const entry = await entryOfSums();
  expect(entry.compiler.vendor).toBe('gnu');
  expect(await builtObject()).toBe(entry.objectHash);
  expect((await autopass('explain')).stdout).toContain('the project compiles with gcc -O1');
  expect((await autopass('status')).stdout).toContain('gcc:O-level=-O3');
});

it('uses counts of the bench for gcc, and builds as stock where they are another or gone', async () => {
  const profiles = path.join(root, '.autopass/profiles');
  const [folder = ''] = (await readdir(profiles)).filter((name) => name.endsWith('.gcda'));
  expect(await readdir(path.join(profiles, folder))).toContain('sums.gcda');
  const name = (await profileHash(path.join(profiles, folder))) ?? '';
  expect(folder).toBe(profileFile(gccProfile, name));

  const entry = await entryOfSums();
  const lock = async (levers: LockEntry['levers'], version = entry.compiler.version): Promise<void> => {
    const compiler = { ...entry.compiler, version };
    await writeLock(path.join(root, 'autopass.lock'), {
      version: 1,
      entries: [{ ...entry, compiler, levers }],
    });
  };
  await lock({ 'gcc:O-level': '-O3' });
  const plain = await builtObject();
  const levers = { 'gcc:O-level': '-O3', 'gcc:profile': name };
  await lock(levers);
  await rm(path.join(root, profilesFolder), { recursive: true, force: true });
  const stock = await builtObject();
  expect((await autopass('status')).stdout).toContain('is missing');
  const kept = path.join(root, profilesFolder, folder);
  await cp(path.join(profiles, folder), kept, { recursive: true });
  await writeFile(path.join(kept, 'stray'), '');
  expect(await builtObject()).toBe(stock);
  await rm(path.join(kept, 'stray'));
  const counted = await builtObject();
  expect(new Set([plain, stock, counted]).size).toBe(3);

  // Every minor release has a format of its own.
  await lock(levers, entry.compiler.version.replace(/\.\d+/, '.77'));
  expect(await builtObject()).toBe(stock);
});

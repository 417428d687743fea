import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type Options, type ResultPromise } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Lock } from '../../src/lock/types.js';
import type { TuneResult } from '../../src/tune/result.js';
import { writeFiles } from '../build/support.js';
import { sumsAddon as files } from './sums-addon.js';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const slow = 15 * 60_000;

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'autopass-tune-'));
  await writeFiles(root, files);
});

afterAll(() => rm(root, { recursive: true, force: true }));

type Run = ResultPromise<Options & { reject: false; encoding: 'utf8' }>;

function autopass(args: readonly string[], env: Record<string, string> = {}): Run {
  return execa(process.execPath, [cli, ...args], {
    cwd: root,
    env: { CI: '', ...env },
    reject: false,
    encoding: 'utf8',
  }) as Run;
}

async function readLock(): Promise<Lock> {
  return JSON.parse(await readFile(path.join(root, 'autopass.lock'), 'utf8')) as Lock;
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path.join(root, file)))
    .digest('hex');
}

it('goes on after kill -9, confirms the gain and writes the lock', { timeout: slow }, async () => {
  const journal = path.join(root, '.autopass/journal.jsonl');
  const first = autopass(['tune', '--json']);
  const trialIsWritten = async (): Promise<boolean> =>
    (await readFile(journal, 'utf8').catch(() => '')).includes('"trial"');
  while (!(await trialIsWritten()) && first.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
  first.kill('SIGKILL');
  await first;

  const second = await autopass(['tune', '--json']);
  expect(second.stderr).not.toContain('autopass: ');
  expect(second.exitCode).toBe(0);
  const result = JSON.parse(String(second.stdout)) as TuneResult;
  expect(result.verdict).toBe('faster');
  expect(result.addon.vsStock.ci[0]).toBeGreaterThan(1.2);
  expect(result.sameInputs).toBe(false);
  const unit = result.tus.find(({ file }) => file === 'src/sums.c');
  expect(unit?.verdict).toBe('tuned');

  const lock = await readLock();
  const entry = lock.entries.find(({ file }) => file === 'src/sums.c');
  expect(entry?.includes).toEqual(['src/sums.h']);
  expect(entry?.levers).toEqual(unit?.levers);
  expect(await hashOf('build/Release/obj.target/sums/src/sums.o')).toBe(entry?.objectHash);
});

it('applies the lock to a new build folder, byte for byte', { timeout: slow }, async () => {
  await rm(path.join(root, 'build'), { recursive: true });
  const built = await autopass(['build', '--json']);
  expect(built.exitCode).toBe(0);
  expect(JSON.parse(String(built.stdout))).toMatchObject({ applied: ['src/sums.c'] });
  const entry = (await readLock()).entries.find(({ file }) => file === 'src/sums.c');
  expect(await hashOf('build/Release/obj.target/sums/src/sums.o')).toBe(entry?.objectHash);
});

it('refuses to tune in CI and lists drift with exit code 5', { timeout: slow }, async () => {
  const tuned = await autopass(['tune'], { CI: 'true' });
  expect(tuned.exitCode).toBe(1);
  expect(tuned.stderr).toContain('CI');
  const source = path.join(root, 'src/sums.c');
  const text = await readFile(source, 'utf8');
  await writeFile(source, text.replace('Weighted sum', 'A  weighted sum'));
  expect((await autopass(['status', '--frozen'])).exitCode).toBe(0);
  await writeFile(source, text.replace('* 3u', '* 5u'));
  const before = await readFile(path.join(root, 'autopass.lock'), 'utf8');
  const frozen = await autopass(['build', '--frozen']);
  expect(frozen.exitCode).toBe(5);
  expect(frozen.stderr).toContain('src/sums.c');
  expect(await readFile(path.join(root, 'autopass.lock'), 'utf8')).toBe(before);
  await writeFile(source, text);
});

it('says what is wrong with a bench before anything is tuned', { timeout: slow }, async () => {
  await writeFile(path.join(root, 'empty.mjs'), 'export default () => ({});\n');
  const config = path.join(root, 'autopass.config.json');
  await writeFile(config, '{"bench":"./empty.mjs"}');
  const tuned = await autopass(['tune']);
  await writeFile(config, files['autopass.config.json'] ?? '');
  expect(tuned.exitCode).toBe(1);
  expect(tuned.stderr).toContain('default export');
});

it('finds no package, no command and no flag politely', async () => {
  const elsewhere = await autopass(['-C', os.tmpdir(), 'tune', '--json']);
  expect(elsewhere.exitCode).toBe(1);
  expect(elsewhere.stderr).toContain('package.json');
  expect((await autopass(['tuen'])).exitCode).toBe(1);
  const mistyped = await autopass(['build', '--froozen']);
  expect(mistyped.exitCode).toBe(1);
  expect(mistyped.stderr).toContain('--froozen');
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { AutoPassError } from '../../src/errors.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-config-'));
  await writeFile(path.join(folder, 'package.json'), '{"name":"x"}');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function failure(work: Promise<unknown>): Promise<AutoPassError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AutoPassError)) throw new Error(`expected an AutoPassError, got ${String(error)}`);
  return error;
}

it('fills in defaults and makes the bench path absolute', async () => {
  await writeFile(path.join(folder, 'autopass.config.json'), '{"bench":"./b.mjs"}');
  const config = await loadConfig(folder);
  expect(config.bench).toEqual({ kind: 'module', path: path.join(folder, 'b.mjs') });
  expect(config.policy).toBe('expert');
  expect(config.budget).toEqual({ minutes: 10, trials: 60 });
});

it('reads a module config and a bench that is a command', async () => {
  await writeFile(
    path.join(folder, 'autopass.config.mjs'),
    'export default { bench: { command: ["node", "bench.js"] }, budget: { minutes: 2 } };',
  );
  const config = await loadConfig(folder);
  expect(config.bench).toEqual({ kind: 'command', command: ['node', 'bench.js'] });
  expect(config.budget).toEqual({ minutes: 2, trials: 60 });
});

it('names the file and the field that is wrong', async () => {
  await writeFile(path.join(folder, 'autopass.config.json'), '{"bench":"./b.mjs","budjet":{}}');
  const error = await failure(loadConfig(folder));
  expect(error.code).toBe('BAD_CONFIG');
  expect(error.message).toContain('autopass.config.json');
  expect(error.message).toContain('budjet');
});

it('says where it looked when there is no package', async () => {
  const error = await failure(loadConfig(path.join(folder, 'nowhere')));
  expect(error.code).toBe('NO_PACKAGE');
  expect(error.hint).toContain('-C DIR');
});

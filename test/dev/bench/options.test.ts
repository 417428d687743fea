import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { methods } from '../../../src/dev/bench/methods.js';
import { benchOptions } from '../../../src/dev/bench/options.js';
import { readResults, writeResultFile } from '../../../src/dev/bench/results.js';
import { results } from './results-support.js';

it('runs the whole corpus with every method when nothing is said', async () => {
  const options = await benchOptions([]);
  expect(options.addons.length).toBeGreaterThanOrEqual(10);
  expect(options.methods).toEqual(methods);
  expect(path.basename(options.folder)).toBe('bench-results');
});

it('keeps the results of a quick run apart', async () => {
  const options = await benchOptions(['--quick', '--trials', '3']);
  expect(options.folder).toMatch(/bench-results.quick$/);
  expect(options.addons.length).toBeLessThan(4);
  expect(options.trials).toBe(3);
});

it('refuses what it does not know', async () => {
  await expect(benchOptions(['--addons', 'lz4,left-pad'])).rejects.toThrow('"left-pad"');
  await expect(benchOptions(['--methods', 'oracle'])).rejects.toThrow('"oracle"');
  await expect(benchOptions(['--minutes', '0'])).rejects.toThrow('above 0');
});

it('reads back what it wrote, on the same machine alone', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-results-'));
  try {
    expect(await readResults(folder, 'm')).toEqual({ version: 1, machine: 'm', addons: {} });
    await writeResultFile(folder, 'results.json', JSON.stringify(results));
    expect(await readResults(folder, results.machine)).toEqual(results);
    await expect(readResults(folder, 'another')).rejects.toMatchObject({ code: 'BAD_RESULTS' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

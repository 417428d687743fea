import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { corpusAddon, corpusNames, fetchAddon } from '../../src/dev/corpus.js';

const fixtures = fileURLToPath(new URL('../../fixtures/addons/', import.meta.url));

describe('the corpus', () => {
  test('holds the addons that the numbers in the README are about', async () => {
    expect(await corpusNames()).toEqual(
      expect.arrayContaining(['hnswlib-node', 'jpeg-turbo', 'lz4', 'node-zopfli', 'snappy']),
    );
  });

  test('describes every addon with pinned versions', async () => {
    for (const name of await corpusNames()) {
      const addon = await corpusAddon(name);
      expect(addon.name).toBe(name);
      expect(addon.notes).not.toBe('');
    }
  });

  test('has benches that stand alone once they are copied into a package', async () => {
    for (const name of await corpusNames()) {
      const source = await readFile(path.join(fixtures, name, 'bench.mjs'), 'utf8');
      expect(source, name).not.toMatch(/\bimport\b|\brequire\(|Math\.random|Date\./);
      expect(source, name).toMatch(/export default function bench\(\w+, inputs\)/);
    }
  });

  test('gives every bench different seeds for tuning and for checking', async () => {
    for (const name of await corpusNames()) {
      const source = await readFile(path.join(fixtures, name, 'bench.mjs'), 'utf8');
      const seeds = [...source.matchAll(/\b(?:tune|check): \{\s*seed: ([\d_]+)/g)].map((match) => match[1]);
      expect(seeds, name).toHaveLength(2);
      expect(seeds[0], name).not.toBe(seeds[1]);
    }
  });
});

describe('fetchAddon', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'autopass-corpus-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  test('names the addons that exist when it does not know one', async () => {
    await expect(fetchAddon('left-pad', dir)).rejects.toMatchObject({
      code: 'corpus-unknown',
      hint: expect.stringContaining('lz4'),
    });
  });

  test('does not take a path for a name', async () => {
    await expect(fetchAddon('../addons/lz4', dir)).rejects.toMatchObject({ code: 'corpus-unknown' });
  });
});

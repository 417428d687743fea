import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { silentLogger } from '../../src/log.js';
import type { Policy, PolicyInput, Proposal } from '../../src/policy/types.js';
import { tune } from '../../src/tune/tune.js';
import { temporaryFolder, writeFiles } from '../build/support.js';
import { removePackage } from './build-support.js';
import { sumsAddon } from './sums-addon.js';

const files = {
  ...sumsAddon,
  'src/sums.c': `#include "sums.h"
unsigned sums(const unsigned char *bytes, unsigned length) {
  unsigned total = 0;
  for (unsigned i = 0; i < length; i++) total += bytes[i];
  return total;
}
`,
  // Every step waits for the one before: nothing to vectorise.
  'src/chain.c': `#include "sums.h"
unsigned chain(const unsigned char *bytes, unsigned length) {
  unsigned state = 1;
  for (unsigned i = 0; i < length; i++) state = (state ^ bytes[i]) * 16777619u;
  return state;
}
`,
  'src/sums.h': `unsigned sums(const unsigned char *bytes, unsigned length);
unsigned chain(const unsigned char *bytes, unsigned length);
`,
  'src/addon.c': (sumsAddon['src/addon.c'] ?? '').replace(
    'sums(bytes, (unsigned)length)',
    'length % 2 ? sums(bytes, (unsigned)length) : chain(bytes, (unsigned)length)',
  ),
  'binding.gyp': (sumsAddon['binding.gyp'] ?? '').replace('"src/sums.c"', '"src/sums.c", "src/chain.c"'),
  'bench.mjs': `export default (addon, inputs) => {
  const bytes = Buffer.from(Uint8Array.from({ length: inputs === 'tune' ? 100_000 : 120_000 }, (_, i) => (i * 7) % 251));
  return { sum: () => addon.sums(bytes.subarray(1)), chain: () => addon.sums(bytes) };
};
`,
  'test.cjs': '',
  'autopass.config.json': '{"bench":"./bench.mjs","isa":"baseline","budget":{"minutes":1,"trials":3}}',
};

let root: string;

beforeAll(async () => {
  root = await temporaryFolder('cases');
  await writeFiles(root, files);
});

afterAll(() => removePackage(root));

it('tells each file what a trial on all files did to its code, and times its own trials on its own cases', async () => {
  const inputs: PolicyInput[] = [];
  const proposal = (configuration: Proposal['configuration']): Proposal[] => [
    { configuration, reason: 'a test', origin: 'test' },
  ];
  const policy: Policy = {
    name: 'probe',
    async propose(input) {
      inputs.push(input);
      if (input.history.length > 0) return [];
      return proposal(input.scope === 'addon' ? { 'fno-vectorize': true } : { 'falign-loops': 64 });
    },
  };
  await tune(await loadConfig(root), { logger: silentLogger, policy });
  const ofFile = (file: string): PolicyInput | undefined =>
    inputs.find(({ scope, evidence }) => scope === 'unit' && path.basename(evidence.file) === file);
  const [inSums, inChain] = [ofFile('sums.c'), ofFile('chain.c')].map((input) => input?.addonTrials?.[0]);
  expect(inSums?.speedup).toBeLessThan(0.9);
  expect(inSums?.inUnit).toBeLessThan(0.8);
  expect(inSums?.functions?.sums).toBeLessThan(0.8);
  expect(inChain?.inUnit).toBeGreaterThan(0.85);
  expect(inChain?.inUnit).toBeLessThan(1.15);
  const [own] = ofFile('sums.c')?.history ?? [];
  expect(Object.keys(own?.cases ?? {})).toEqual(['sum']);
});

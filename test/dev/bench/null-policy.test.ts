import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createNullPolicy, unusedFunctions } from '../../../src/dev/bench/null-policy.js';
import { checkConfiguration } from '../../../src/levers/check.js';
import { evidenceOf } from '../../evidence/captured.js';
import { inputOf } from '../../policy/support.js';

const source = new URL('../../../fixtures/null-addon/src/', import.meta.url);

it('touches only functions that are in the fixture, outside the code that runs', async () => {
  const header = await readFile(new URL('kernels.h', source), 'utf8');
  expect(header).toContain('section("unused")');
  for (const prefix of ['mix', 'tally']) {
    expect(await readFile(new URL(`${prefix}.c`, source), 'utf8')).toContain(`UNUSED_24(${prefix})`);
    expect(unusedFunctions).toContain(`${prefix}_unused_24`);
  }
  const proposals = await createNullPolicy(1).propose(inputOf(evidenceOf([]), { batch: 30 }));
  for (const { configuration } of proposals) {
    expect(checkConfiguration(configuration, { allow: [] }, { arch: 'x64', major: 19 }).ok).toBe(true);
    for (const name of configuration['attr:minsize'] as string[]) expect(unusedFunctions).toContain(name);
  }
  expect(new Set(proposals.map(({ configuration }) => JSON.stringify(configuration))).size).toBe(30);
});

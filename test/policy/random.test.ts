import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/levers/catalogue.js';
import { checkConfiguration } from '../../src/levers/check.js';
import { configurationKey } from '../../src/levers/configuration-key.js';
import { createPolicy, policies } from '../../src/policy/registry.js';
import { createRandom } from '../../src/policy/search/random.js';
import { evidenceOf } from '../evidence/captured.js';
import { inputOf, measured } from './support.js';

const input = inputOf(evidenceOf([]), { batch: 40 });

describe('random search', () => {
  it('draws one to six allowed levers with legal values', async () => {
    for (const arch of ['x64', 'arm64'] as const) {
      const proposals = await createRandom(7).propose({ ...input, arch });
      expect(proposals).toHaveLength(40);
      const sizes = proposals.map(({ configuration }) => Object.keys(configuration).length);
      expect(Math.min(...sizes)).toBe(1);
      expect(Math.max(...sizes)).toBeGreaterThan(4);
      expect(Math.max(...sizes)).toBeLessThan(7);
      for (const { configuration } of proposals) {
        expect(checkConfiguration(configuration, { allow: [] }, { arch, major: 19 }).ok).toBe(true);
        for (const id of Object.keys(configuration)) expect(catalogue.get(id)?.gate).toBe('allowed');
      }
    }
  });

  it('draws no profile, not even where the session has one', async () => {
    const proposals = await createRandom(7).propose({
      ...input,
      batch: 200,
      profiles: [{ 'pgo-ir': 'a'.repeat(64) }],
    });
    expect(proposals.some(({ configuration }) => 'pgo-ir' in configuration)).toBe(false);
  });

  it('is reproducible by seed and differs between seeds and units', async () => {
    const draw = async (seed: number, file = 'a.c') =>
      (await createRandom(seed).propose({ ...input, evidence: { ...input.evidence, file } })).map(
        ({ configuration }) => configurationKey(configuration),
      );
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
    expect(await draw(1)).not.toEqual(await draw(1, 'b.c'));
  });

  it('never repeats what the history holds', async () => {
    const first = await createRandom(3).propose(input);
    const history = first.map((proposal) => measured(proposal, 1));
    const next = await createRandom(3).propose({ ...input, history });
    const known = new Set(history.map(({ configuration }) => configurationKey(configuration)));
    expect(next).toHaveLength(40);
    for (const { configuration } of next) expect(known).not.toContain(configurationKey(configuration));
  });
});

describe('the registry', () => {
  it('makes policies by name and says which names there are', () => {
    expect([...policies.keys()]).toEqual(['expert', 'random', 'genetic', 'ensemble', 'agents']);
    for (const name of policies.keys()) expect(createPolicy(name, 1).name).toBe(name);
    expect(() => createPolicy('oracle', 1)).toThrow('no policy named "oracle"');
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../src/levers/check.js';
import { configurationKey } from '../../src/levers/configuration-key.js';
import { createPolicy } from '../../src/policy/registry.js';
import type { PolicyTrial } from '../../src/policy/types.js';
import { evidenceOf } from '../evidence/captured.js';
import { bestFound, explore, optimum } from './landscape.js';
import { inputOf, trialOf } from './support.js';

const input = inputOf(evidenceOf([]));
const seeds = Array.from({ length: 8 }, (_, at) => at + 1);
const profile = { 'pgo-ir': 'a'.repeat(64) };
const stronger = { 'pgo-cs': 'b'.repeat(64) };

const geomean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function bestPerSeed(name: string, trials: number): Promise<number[]> {
  return Promise.all(
    seeds.map(async (seed) => bestFound(await explore(createPolicy(name, seed), input, trials, seed))),
  );
}

let random: readonly number[];
beforeAll(async () => {
  random = await bestPerSeed('random', 50);
});

describe.each(['genetic', 'ensemble'])('%s search', (name) => {
  let found: readonly number[];
  beforeAll(async () => {
    found = await bestPerSeed(name, 50);
  });

  it('finds more than random search in as many trials', () => {
    const wins = seeds.filter((_, at) => (found[at] ?? 0) > (random[at] ?? 0)).length;
    expect(wins).toBeGreaterThanOrEqual(6);
    expect(geomean(found) - 1).toBeGreaterThan(1.5 * (geomean(random) - 1));
  });

  it('goes on gaining when it has more trials', async () => {
    expect(geomean(found)).toBeGreaterThan(geomean(await bestPerSeed(name, 20)));
    expect(Math.log(geomean(found))).toBeGreaterThan(0.25 * Math.log(optimum));
  });

  it('proposes only what the catalogue and the gates allow, and nothing twice', async () => {
    for (const arch of ['x64', 'arm64'] as const) {
      const history = await explore(createPolicy(name, 5), { ...input, arch }, 80, 5);
      for (const { configuration } of history) {
        expect(checkConfiguration(configuration, { allow: [] }, { arch, major: 19 }).ok).toBe(true);
      }
      const keys = new Set(history.map(({ configuration }) => configurationKey(configuration)));
      expect(keys.size).toBe(history.length);
    }
  });

  it('goes on after an interruption as if nothing had happened', async () => {
    const history = await explore(createPolicy(name, 7), input, 60, 7);
    const again = await explore(createPolicy(name, 7), input, 60, 7);
    expect(again).toEqual(history);
    const asked = createPolicy(name, 7);
    for (const length of [5, 20, 40]) {
      const past = { ...input, history: history.slice(0, length) };
      const fresh = await createPolicy(name, 7).propose(past);
      expect(await asked.propose(past)).toEqual(fresh);
    }
    const other = await createPolicy(name, 8).propose({ ...input, history: history.slice(0, 20) });
    expect(other).not.toEqual(await asked.propose({ ...input, history: history.slice(0, 20) }));
  });

  it('begins with the profiles of the session, the strongest first, and breeds with them', async () => {
    const start = { ...input, profiles: [profile, stronger] };
    const first = await createPolicy(name, 1).propose(start);
    expect(first.slice(0, 2).map(({ configuration }) => configuration)).toEqual([stronger, profile]);
    const history = [
      trialOf(stronger, 1.2),
      ...Array.from({ length: 15 }, (_, at) => trialOf({ 'inline-threshold': 500 + at }, 0.97 + at / 1000)),
    ];
    const next = await createPolicy(name, 1).propose({ ...start, history, batch: 20 });
    expect(next.filter(({ configuration }) => 'pgo-cs' in configuration).length).toBeGreaterThan(2);
  });

  it('does not breed from what failed, gave other outputs or was never measured', async () => {
    const bad: PolicyTrial[] = (['failed', 'incorrect', 'identical', 'refused'] as const).flatMap((outcome) =>
      [1, 2, 3, 4].map((at) => ({
        configuration: { 'inline-threshold': 700 + at, 'slp-threshold': -10 },
        origin: 'test',
        outcome,
      })),
    );
    const next = await createPolicy(name, 1).propose({ ...input, history: bad, batch: 20 });
    expect(next).toHaveLength(20);
    expect(next.every(({ configuration }) => Number(configuration['inline-threshold'] ?? 0) !== 701)).toBe(
      true,
    );
  });

  it('starts a unit from what was learned on all units at once', async () => {
    const addonTrials = [
      trialOf({ 'unroll-threshold': 1000, fwrapv: true }, 1.1),
      ...Array.from({ length: 15 }, (_, at) => trialOf({ 'inline-threshold': 500 + at }, 0.9)),
    ];
    const next = await createPolicy(name, 1).propose({ ...input, addonTrials, batch: 20 });
    const related = next.filter(
      ({ configuration }) => 'unroll-threshold' in configuration || 'fwrapv' in configuration,
    );
    expect(related.length).toBeGreaterThan(8);
  });
});

describe('the ensemble', () => {
  it('lets every technique propose and says which it was', async () => {
    const history = await explore(createPolicy('ensemble', 2), input, 60, 2);
    const origins = new Set(history.map(({ origin }) => origin));
    for (const name of ['climb', 'genetic', 'difference', 'group', 'random']) {
      expect(origins).toContain(`ensemble:${name}`);
    }
  });
});

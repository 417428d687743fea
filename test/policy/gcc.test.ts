import { describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../src/levers/check.js';
import { isForGcc } from '../../src/levers/gcc.js';
import { createExpert } from '../../src/policy/expert/expert.js';
import { createPolicy } from '../../src/policy/registry.js';
import type { PolicyInput, Proposal } from '../../src/policy/types.js';
import { evidenceOf } from '../evidence/captured.js';
import { explore } from './landscape.js';
import { inputOf, trialOf } from './support.js';

const expert = createExpert({ hostTune: 'skylake' });
const evidence = evidenceOf([]);
const level = { 'gcc:O-level': '-O3' };

function asked(changes: Partial<PolicyInput> = {}): Promise<readonly Proposal[]> {
  return expert.propose(inputOf(evidence, { gcc: true, batch: 1000, ...changes }));
}

function ofGcc(proposals: readonly Proposal[]): readonly Proposal[] {
  return proposals.filter(({ configuration }) => isForGcc(configuration));
}

describe('the expert on a project that gcc compiles', () => {
  it('asks first what -O3 of gcc gives, and soonest where the project has a lower level', async () => {
    expect(ofGcc(await asked()).map(({ configuration }) => configuration)).toEqual([level]);
    const [first] = await asked({ evidence: { ...evidence, ownLevel: 's' }, batch: 1 });
    expect(first?.configuration).toEqual(level);
    expect(first?.reason).toContain('gcc -Os');
    expect(ofGcc(await asked({ gcc: false }))).toEqual([]);
  });

  it('puts its levers on the best of gcc where that is level with clang, and none where it is far behind', async () => {
    const won = { 'unroll-threshold': 500 };
    const near = ofGcc(await asked({ history: [trialOf(level, 1.04), trialOf(won, 1.05)] }));
    expect(near.length).toBeGreaterThan(4);
    expect(near.every(({ configuration }) => configuration['gcc:O-level'] !== undefined)).toBe(true);
    expect(near[0]?.reason).toMatch(/measured 1\.040, the best of clang 1\.050/);
    const better = { ...level, 'gcc:fomit-frame-pointer': true };
    const next = ofGcc(await asked({ history: [trialOf(level, 1.04), trialOf(better, 1.06)] }));
    expect(next.every(({ configuration }) => 'gcc:fomit-frame-pointer' in configuration)).toBe(true);
    const other = { ...level, 'gcc:fno-schedule-insns2': true };
    const history = [level, better, other].map((tried, at) => trialOf(tried, 1.1 + at / 50));
    const [first] = await asked({ history, batch: 1 });
    expect(first?.configuration).toEqual({ ...better, ...other });
    expect(first?.origin).toBe('combine');
    expect(ofGcc(await asked({ history: [trialOf(level, 0.9), trialOf(won, 1.05)] }))).toEqual([]);
  });

  it('counts for gcc early, and tries its levers beside the profile and without', async () => {
    const counted = { ...level, 'gcc:profile': 'c'.repeat(64) };
    const profiles = [{ 'pgo-ir': 'a'.repeat(64) }, counted];
    const early = await asked({ profiles, batch: 2 });
    expect(early.map(({ configuration }) => configuration)).toEqual([profiles[0], counted]);
    const ordered = { 'gcc:fno-schedule-insns2': true };
    const triedWith = async (plain: number): Promise<readonly unknown[]> => {
      const history = [trialOf(counted, 1.1), trialOf(level, plain)];
      return ofGcc(await asked({ profiles, history })).map(({ configuration }) => configuration);
    };
    const near = await triedWith(1.08);
    expect(near).toContainEqual({ ...counted, ...ordered });
    expect(near).toContainEqual({ ...level, ...ordered });
    expect(await triedWith(1.02)).not.toContainEqual({ ...level, ...ordered });
    const short = { 'gcc:fno-unroll-loops': true };
    expect(near).toContainEqual({ ...counted, ...short });
    expect(near).not.toContainEqual({ ...level, ...short });
    expect(await triedWith(1.12)).toContainEqual({ ...counted, ...short });
  });

  it('gives most trials to the compiler that leads', async () => {
    const inFirst = async (speedup: number): Promise<number> =>
      ofGcc(await asked({ history: [trialOf(level, speedup)], batch: 6 })).length;
    expect(await inFirst(1.15)).toBeGreaterThan(4);
    expect(await inFirst(0.97)).toBeLessThan(3);
  });

  it('learns nothing about levers of clang from what gcc makes', async () => {
    const won = trialOf({ 'unroll-threshold': 500 }, 1.05);
    const both = await asked({ history: [won, trialOf(level, 1.2)], incumbent: won.configuration });
    const alone = await asked({ history: [won], incumbent: won.configuration, gcc: false });
    const reasons = (proposals: readonly Proposal[]): string[] =>
      proposals.filter(({ configuration }) => !isForGcc(configuration)).map(({ reason }) => reason);
    expect(reasons(both).sort()).toEqual(reasons(alone).sort());
  });

  it('takes the gain of one of several files from the cases that run it', async () => {
    const addonTrials = [{ ...trialOf(level, 1.01), inUnit: 1.2 }];
    const proposals = await asked({ addonTrials });
    expect(proposals[0]?.configuration).toEqual(level);
    expect(ofGcc(proposals).length).toBeGreaterThan(4);
  });
});

describe.each(['random', 'genetic', 'ensemble'])('%s search on a project that gcc compiles', (name) => {
  it('tries configurations of either compiler, and none of both', async () => {
    const input = inputOf(evidence, { gcc: true });
    const target = { arch: 'x64', major: 19, gcc: true } as const;
    const history = await explore(createPolicy(name, 3), input, 150, 3);
    const legal = history.every(
      ({ configuration }) => checkConfiguration(configuration, { allow: [] }, target).ok,
    );
    expect(legal).toBe(true);
    const count = history.filter(({ configuration }) => isForGcc(configuration)).length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(history.length / 2);
  });
});

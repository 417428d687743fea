import { describe, expect, it } from 'vitest';
import { evidenceChange } from '../../src/evidence/compare.js';
import type { Remark } from '../../src/evidence/types.js';
import { checkConfiguration } from '../../src/levers/check.js';
import { configurationKey } from '../../src/levers/configuration-key.js';
import type { Configuration } from '../../src/levers/types.js';
import { createExpert } from '../../src/policy/expert/expert.js';
import { tuningFor } from '../../src/policy/expert/host-tuning.js';
import type { PolicyInput, PolicyTrial, Proposal } from '../../src/policy/types.js';
import { assemblyOf, capturedRemarks, evidenceOf } from '../evidence/captured.js';
import { inputOf, measured, trialOf } from './support.js';

const expert = createExpert({ hostTune: 'skylake' });
const evidence = evidenceOf(capturedRemarks('lz4hc'), [
  assemblyOf('LZ4HC_compress_generic_noDictCtx', {
    instructions: 3518,
    bytes: 14750,
    branches: 410,
    cmov: 55,
    stackAccesses: 772,
  }),
]);
const keys = (proposals: readonly { configuration: Configuration }[]): string[] =>
  proposals.map(({ configuration }) => configurationKey(configuration));

async function drain(input: PolicyInput, speedup: (proposal: Proposal) => number): Promise<PolicyTrial[]> {
  const history: PolicyTrial[] = [...input.history];
  for (;;) {
    const proposals = await expert.propose({ ...input, history });
    if (proposals.length === 0) return history;
    history.push(...proposals.map((proposal) => measured(proposal, speedup(proposal))));
  }
}

describe('the expert', () => {
  it('proposes legal, distinct configurations of several rules, each with its evidence', async () => {
    const proposals = await expert.propose(inputOf(evidence));
    expect(new Set(keys(proposals)).size).toBe(5);
    expect(new Set(proposals.map(({ origin }) => origin)).size).toBeGreaterThan(3);
    for (const { configuration, reason } of proposals) {
      expect(checkConfiguration(configuration, { allow: [] }, { arch: 'x64', major: 19 }).ok).toBe(true);
      expect(reason).toMatch(/LZ4HC_compress_generic_noDictCtx/);
      expect(reason).toContain(Object.keys(configuration)[0]);
    }
  });

  it('never repeats itself, never proposes -O3 again, and ends when nothing is left', async () => {
    const history = await drain(inputOf(evidence, { batch: 20 }), () => 1);
    expect(new Set(keys(history)).size).toBe(history.length);
    expect(keys(history)).not.toContain('{}');
    expect(history.length).toBeGreaterThan(60);
  });

  it('has enough to try without any evidence', async () => {
    const proposals = await expert.propose(inputOf(evidenceOf([]), { batch: 100 }));
    expect(proposals.length).toBeGreaterThan(30);
  });

  it('combines what won, best pair first', async () => {
    const history = [
      trialOf({ 'x86-cmov-converter': false }, 1.03, 'keep-selects'),
      trialOf({ 'unroll-threshold': 1000 }, 1.04, 'unroll-long-loops'),
      trialOf({ 'falign-functions': 64 }, 1.02, 'align-compact-kernel'),
      trialOf({ 'fno-slp-vectorize': true }, 0.99, 'slp-shuffles'),
    ];
    const incumbent = { 'unroll-threshold': 1000 };
    const proposals = await expert.propose(inputOf(evidence, { history, incumbent, batch: 40 }));
    const combined = proposals.filter(({ origin }) => origin === 'combine');
    expect(keys(combined).slice(0, 2).sort()).toEqual(
      [
        { 'unroll-threshold': 1000, 'x86-cmov-converter': false, 'falign-functions': 64 },
        { 'unroll-threshold': 1000, 'x86-cmov-converter': false },
      ]
        .map(configurationKey)
        .sort(),
    );
    expect(combined[0]?.reason).toContain('measured 1.0');
    expect(keys(combined).some((key) => key.includes('slp'))).toBe(false);
  });

  it('judges a part by what it adds to what it stands beside', async () => {
    const profile = { 'pgo-ir': 'a1b2c3d4'.repeat(8) };
    const needless = { ...profile, 'unroll-threshold': 1000 };
    const useful = { ...profile, 'falign-functions': 64 };
    const history = [
      trialOf(profile, 1.15, 'profile'),
      trialOf(needless, 1.14, 'unroll-long-loops'),
      trialOf(useful, 1.18, 'align-compact-kernel'),
      trialOf({ 'x86-cmov-converter': false }, 1.03, 'keep-selects'),
    ];
    const input = inputOf(evidence, { history, incumbent: useful, batch: 400 });
    const proposals = await expert.propose(input);
    const combined = proposals.filter(({ origin }) => origin === 'combine');
    expect(keys(combined)[0]).toBe(configurationKey({ ...useful, 'x86-cmov-converter': false }));
    expect(keys(combined)).not.toContain(configurationKey({ ...useful, ...needless }));
    // Beside a large gain that is not its own, the neighbour of a value that brought nothing is the last resort.
    const last = keys(proposals).slice(-6);
    expect(last).toContain(configurationKey({ ...profile, 'unroll-threshold': 2000 }));
    const shorter = proposals.findIndex(({ origin }) => origin === 'prune');
    expect(shorter).toBeGreaterThan(5);
  });

  it('sees in a list of functions or loops what a shorter one has already', async () => {
    const hint = (...keys: readonly string[]): Configuration => ({
      'md:llvm.loop.unroll.disable': Object.fromEntries(keys.map((key) => [key, true])),
    });
    const incumbent = hint('kernel|0|0a1b2c3d');
    const history = [
      trialOf(incumbent, 1.18, 'keep-this-loop-rolled'),
      trialOf(hint('kernel|0|0a1b2c3d', 'kernel|1|4e5f6a7b'), 1.13, 'keep-this-loop-rolled'),
      trialOf({ 'x86-cmov-converter': false }, 1.03, 'keep-selects'),
    ];
    const proposals = await expert.propose(inputOf(evidence, { history, incumbent, batch: 400 }));
    const combined = proposals.filter(({ origin }) => origin === 'combine');
    expect(keys(combined)[0]).toBe(configurationKey({ ...incumbent, 'x86-cmov-converter': false }));
    expect(keys(combined).filter((key) => key.includes('4e5f6a7b') && key.includes('0a1b2c3d'))).toHaveLength(
      1,
    );
  });

  it('builds on the incumbent and tries the neighbours of a value that won', async () => {
    const incumbent = { 'inline-threshold': 400 };
    const history = [trialOf(incumbent, 1.05, 'inline-deferral')];
    const proposals = await expert.propose(inputOf(evidence, { history, incumbent, batch: 60 }));
    expect(keys(proposals)).toEqual(
      expect.arrayContaining(['{"inline-threshold":600}', '{"inline-threshold":325}']),
    );
    const others = proposals.filter(({ origin }) => !/^(neighbour|opposite|combine|prune)/.test(origin));
    expect(others.length).toBeGreaterThan(20);
    for (const { configuration } of others) expect(configuration).toMatchObject(incumbent);
  });

  it('proposes the profile first, on top of the incumbent, and once', async () => {
    const profile = 'a1b2c3d4'.repeat(8);
    const incumbent = { 'inline-threshold': 400 };
    const [first] = await expert.propose(inputOf(evidence, { profiles: [{ 'pgo-ir': profile }], incumbent }));
    expect(first).toMatchObject({ configuration: { ...incumbent, 'pgo-ir': profile }, origin: 'profile' });

    const lost = [trialOf({ 'pgo-ir': profile }, 0.98, 'profile')];
    const later = await expert.propose(
      inputOf(evidence, { profiles: [{ 'pgo-ir': profile }], incumbent, history: lost, batch: 200 }),
    );
    expect(keys(later).filter((key) => key.includes('pgo-ir'))).toEqual([]);

    const won = [trialOf({ 'pgo-ir': profile }, 1.05, 'profile')];
    const built = await expert.propose(
      inputOf(evidence, {
        profiles: [{ 'pgo-ir': profile }],
        incumbent: { 'pgo-ir': profile },
        history: won,
      }),
    );
    expect(built).toHaveLength(5);
    for (const { configuration } of built) expect(configuration).toHaveProperty('pgo-ir', profile);
  });

  it('tries the profile that was counted again beside the first, but not where that is known to lose', async () => {
    const profiles = [{ 'pgo-ir': 'a'.repeat(64) }, { 'pgo-cs': 'b'.repeat(64) }];
    const place = async (changes: Partial<PolicyInput>): Promise<number> => {
      const proposals = await expert.propose(inputOf(evidence, { profiles, batch: 200, ...changes }));
      return proposals.findIndex(({ configuration }) => 'pgo-cs' in configuration);
    };
    const trial = (speedup: number) => [trialOf({ ...profiles[0] }, speedup, 'profile')];
    expect(await place({})).toBe(1);
    expect(await place({ history: trial(0.97) })).toBe(-1);
    expect(await place({ history: trial(1) })).toBe(0);
    expect(await place({ history: trial(1.05), incumbent: { ...profiles[0] } })).toBe(0);
    expect(await place({ addonTrials: trial(1.05) })).toBe(0);
    expect(await place({ profiles: profiles.slice(1) })).toBe(0);
  });

  it('tries a sampled profile where there are no counts, or where counts did not win', async () => {
    const counted = { 'pgo-ir': 'a'.repeat(64) };
    const sampled = { 'pgo-sample': 'c'.repeat(64) };
    const isProposed = async (changes: Partial<PolicyInput>): Promise<boolean> => {
      const proposals = await expert.propose(inputOf(evidence, { profiles: [counted, sampled], ...changes }));
      return proposals.some(({ configuration }) => 'pgo-sample' in configuration);
    };
    expect(await isProposed({ profiles: [sampled] })).toBe(true);
    expect(await isProposed({})).toBe(false);
    expect(await isProposed({ history: [trialOf(counted, 0.97, 'profile')] })).toBe(true);
    const won = { history: [trialOf(counted, 1.05, 'profile')], incumbent: counted };
    expect(await isProposed(won)).toBe(false);
  });

  it('tries ThinLTO on several files, and first where a hot call leaves its file', async () => {
    const ofAddon = async (remarks: readonly Remark[]) =>
      expert.propose(inputOf({ ...evidence, remarks }, { scope: 'addon', batch: 200 }));
    const [hot] = evidence.hot;
    const calling = { ...(evidence.remarks[0] as Remark), pass: 'inline', name: 'NoDefinition' };
    const [first] = await ofAddon([{ ...calling, args: { Callee: hot?.name ?? '' } }]);
    expect(first).toMatchObject({ configuration: { 'lto-thin': true }, origin: 'thin-lto' });
    expect(first?.reason).toContain(`Callee ${hot?.name}`);
    const without = await ofAddon(evidence.remarks);
    expect(without.findIndex(({ origin }) => origin === 'thin-lto')).toBeGreaterThan(0);
    const ofUnit = await expert.propose(inputOf(evidence, { batch: 200 }));
    expect(ofUnit.some(({ origin }) => origin === 'thin-lto')).toBe(false);
  });

  it('gives ThinLTO a profile that it can use', async () => {
    const counted = { 'pgo-ir': 'a'.repeat(64) };
    const recounted = { 'pgo-cs': 'b'.repeat(64) };
    const history = [trialOf(counted, 1.1, 'profile'), trialOf(recounted, 1.2, 'profile')];
    const profiles = [counted, recounted];
    const input = inputOf(evidence, { scope: 'addon', profiles, history, incumbent: recounted, batch: 200 });
    const linked = (await expert.propose(input)).find(({ origin }) => origin === 'thin-lto');
    expect(linked?.configuration).toEqual({ ...counted, 'lto-thin': true });
  });

  it('combines with the profile that won, and with another one only where that one does not fit', async () => {
    const counted = { 'pgo-ir': 'a'.repeat(64) };
    const recounted = { 'pgo-cs': 'b'.repeat(64) };
    const unrolled = { 'unroll-threshold': 2000 };
    const history = [
      trialOf(counted, 1.1, 'profile'),
      trialOf(recounted, 1.11, 'profile'),
      trialOf({ 'lto-thin': true }, 1.06, 'thin-lto'),
      trialOf(unrolled, 1.05, 'unroll-long-loops'),
    ];
    const input = inputOf(evidence, { scope: 'addon', history, incumbent: recounted, batch: 200 });
    const combined = (await expert.propose(input)).filter(({ origin }) => origin === 'combine');
    const place = (configuration: Configuration): number =>
      keys(combined).indexOf(configurationKey(configuration));
    expect(
      combined.every(({ configuration }) => !('pgo-ir' in configuration && 'pgo-cs' in configuration)),
    ).toBe(true);
    expect(place({ ...recounted, ...unrolled })).toBe(0);
    expect(place({ ...counted, 'lto-thin': true })).toBeGreaterThan(0);
    expect(place({ ...counted, ...unrolled })).toBeGreaterThan(place({ ...counted, 'lto-thin': true }));
  });

  it('does not take what the incumbent gained on all files for a gain of what was put on top of it', async () => {
    const incumbent = { 'pgo-ir': 'a'.repeat(64) };
    const onTop = (edit: Configuration, speedup: number) => trialOf({ ...incumbent, ...edit }, speedup);
    const history = [onTop({ 'falign-loops': 32 }, 1.2), onTop({ 'fno-plt': true }, 1.199)];
    const input = inputOf(evidence, {
      incumbent,
      history,
      addonTrials: [trialOf(incumbent, 1.2)],
      batch: 200,
    });
    const proposals = await expert.propose(input);
    expect(proposals.length).toBeGreaterThan(20);
    expect(proposals.some(({ origin }) => origin === 'combine')).toBe(false);
  });

  it('varies a value of the incumbent once, not in every trial on top of it', async () => {
    const profile = { 'pgo-ir': 'a'.repeat(64) };
    const incumbent = { ...profile, 'unroll-threshold': 1000 };
    const addonTrials = [trialOf(profile, 1.1), trialOf(incumbent, 1.2)];
    const history = [
      trialOf({ ...incumbent, 'falign-loops': 32 }, 1.201),
      trialOf({ ...incumbent, 'fno-plt': true }, 1.199),
      trialOf({ ...profile, 'unroll-threshold': 500, 'fno-plt': true }, 1.198),
    ];
    const input = inputOf(evidence, { incumbent, history, addonTrials, batch: 200 });
    const proposals = await expert.propose(input);
    const varied = proposals.filter(({ origin }) => origin.startsWith('neighbour'));
    for (const value of [500, 2000]) {
      expect(keys(varied)).toContain(configurationKey({ ...profile, 'unroll-threshold': value }));
      const beside = configurationKey({ ...profile, 'falign-loops': 32, 'unroll-threshold': value });
      expect(keys(varied)).not.toContain(beside);
    }
    expect(proposals.slice(0, 12).some(({ origin }) => origin === 'combine')).toBe(false);
  });

  it('ranks on one unit behind what brought nothing on all of them', async () => {
    const profiles = [{ 'pgo-ir': 'a'.repeat(64) }];
    const place = async (addonTrials: readonly PolicyTrial[]): Promise<number> => {
      const proposals = await expert.propose(inputOf(evidence, { profiles, addonTrials, batch: 200 }));
      return proposals.findIndex(({ origin }) => origin === 'profile');
    };
    expect(await place([])).toBe(0);
    expect(await place([trialOf({ ...profiles[0] }, 0.98)])).toBeGreaterThan(3);
  });

  it('asks whether a shorter configuration is as fast', async () => {
    const incumbent = { 'attr:noinline': ['f', 'g'], 'fno-slp-vectorize': true };
    const history = [trialOf(incumbent, 1.05, 'combine')];
    const proposals = await expert.propose(inputOf(evidence, { history, incumbent, batch: 100 }));
    const shorter = proposals.filter(({ origin }) => origin === 'prune');
    expect(keys(shorter).sort()).toEqual([
      '{"attr:noinline":["f","g"]}',
      '{"attr:noinline":["f"],"fno-slp-vectorize":true}',
      '{"attr:noinline":["g"],"fno-slp-vectorize":true}',
    ]);
  });

  it('answers a clear loss with the opposite and says why it lost', async () => {
    const [facts] = evidence.assembly;
    const after = { ...evidence, assembly: [{ ...facts, bytes: 29500 } as NonNullable<typeof facts>] };
    const lost = {
      ...trialOf({ 'unroll-threshold': 1000 }, 0.9, 'unroll-long-loops'),
      change: evidenceChange(evidence, after),
    };
    const proposals = await expert.propose(inputOf(evidence, { history: [lost], batch: 100 }));
    const answers = proposals.filter(({ origin }) => origin === 'opposite:unroll-long-loops');
    expect(keys(answers)).toEqual(expect.arrayContaining(['{"unroll-max-count":2}']));
    expect(answers[0]?.reason).toContain('measured 0.900 (hot code 2.00 times as big)');
  });

  it('does not pile levers that change nothing or lost by themselves onto the incumbent', async () => {
    const history = [
      trialOf({ 'x86-cmov-converter': false }, 1.05, 'keep-selects'),
      { configuration: { 'fno-jump-tables': true }, origin: 'dispatch', outcome: 'identical' } as const,
      trialOf({ 'enable-misched': false }, 0.95, 'schedule'),
    ];
    const incumbent = { 'x86-cmov-converter': false };
    const proposals = await expert.propose(inputOf(evidence, { history, incumbent, batch: 200 }));
    const ids = new Set(proposals.flatMap(({ configuration }) => Object.keys(configuration)));
    expect(ids).not.toContain('fno-jump-tables');
    expect(ids).not.toContain('enable-misched');
  });

  it('moves to the theme that pays', async () => {
    const before = await expert.propose(inputOf(evidence, { batch: 16 }));
    const history = [trialOf({ 'falign-loops': 64 }, 1.06, 'block-order')];
    const after = await expert.propose(inputOf(evidence, { history, batch: 16 }));
    const count = (proposals: readonly Proposal[]): number =>
      proposals.filter(({ origin }) => origin === 'block-order').length;
    expect(count(after)).toBeGreaterThan(count(before));
  });

  it('gives the same answers to the same questions', async () => {
    expect(await expert.propose(inputOf(evidence))).toEqual(
      await createExpert({ hostTune: 'skylake' }).propose(inputOf(evidence)),
    );
  });

  it('proposes only what the other architecture and old compilers have', async () => {
    for (const major of [16, 19, 22]) {
      const proposals = await expert.propose(inputOf(evidence, { arch: 'arm64', major, batch: 200 }));
      expect(proposals.length).toBeGreaterThan(30);
      for (const { configuration } of proposals) {
        expect(checkConfiguration(configuration, { allow: [] }, { arch: 'arm64', major }).ok).toBe(true);
      }
    }
  });
});

describe('the processor to tune for', () => {
  const cpuinfo = (vendor: string, family: number, flags: string): string =>
    `processor\t: 0\nvendor_id\t: ${vendor}\ncpu family\t: ${family}\nmodel\t\t: 1\nflags\t\t: ${flags}\n`;

  it('is read from what the kernel says', () => {
    expect(tuningFor(cpuinfo('AuthenticAMD', 26, 'avx2 avx512f'))).toBe('znver4');
    expect(tuningFor(cpuinfo('AuthenticAMD', 25, 'avx2'))).toBe('znver3');
    expect(tuningFor(cpuinfo('AuthenticAMD', 23, 'avx2'))).toBe('znver2');
    expect(tuningFor(cpuinfo('GenuineIntel', 6, 'avx2 avx512f avx512_vbmi2'))).toBe('icelake-server');
    expect(tuningFor(cpuinfo('GenuineIntel', 6, 'avx2 clflushopt'))).toBe('skylake');
    expect(tuningFor('CPU implementer\t: 0x41\nCPU part\t: 0xd0b\n')).toBe('cortex-a76');
    expect(tuningFor('CPU implementer\t: 0x41\nCPU part\t: 0xd05\nCPU part\t: 0xd44\n')).toBe('cortex-x1');
    expect(tuningFor('something else')).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { createExpert } from '../../../src/policy/expert/expert.js';
import { fingerprintVersion } from '../../../src/policy/knowledge/probes.js';
import { nearestUnits, usableEntries } from '../../../src/policy/knowledge/similar.js';
import { capturedRemarks, evidenceOf } from '../../evidence/captured.js';
import { inputOf, trialOf } from '../support.js';
import { fingerprint, knowledge, target } from './entries.js';

const context = { target, allow: [], profiles: [] };

describe('similar units', () => {
  it('are the nearest few, most similar first, and none beyond the cut-off', () => {
    const entries = [0.2, 0.6, 0.9, 0.8, 0.7].map((reaction) =>
      knowledge({ fingerprint: fingerprint(reaction) }),
    );
    const found = nearestUnits(fingerprint(0.85), usableEntries(entries, context));
    expect(found.map((unit) => Number(unit.similarity.toFixed(3)))).toEqual([0.971, 0.97, 0.903]);
    expect(nearestUnits(fingerprint(0, 0, 0, 1), usableEntries(entries, context))).toEqual([]);
  });

  it.each([
    ['another compiler', { ...target, major: 20 }],
    ['another processor', { ...target, arch: 'arm64' as const }],
    ['another ISA level', { ...target, level: 'x86-64-v3' }],
  ])('are not those of %s', (_, other) => {
    expect(fingerprintVersion(other)).not.toBe(fingerprintVersion(target));
    expect(usableEntries([knowledge()], { ...context, target: other })).toEqual([]);
  });

  it('offer the session’s own profile where one won', () => {
    const entry = knowledge({
      results: [{ levers: { 'inline-threshold': 400 }, profile: 'pgo-cs', speedup: 1.1, ci: [1.05, 1.15] }],
    });
    const profiles = [{ 'pgo-ir': 'a'.repeat(64) }, { 'pgo-cs': 'b'.repeat(64) }];
    expect(usableEntries([entry], { ...context, profiles })[0]?.results).toEqual([
      {
        configuration: { 'inline-threshold': 400, 'pgo-cs': 'b'.repeat(64) },
        speedup: 1.1,
        ci: [1.05, 1.15],
      },
    ]);
  });
});

describe('the expert', () => {
  const won = { configuration: { 'slp-min-tree-size': 2 }, speedup: 1.06, ci: [1.04, 1.08] } as const;
  const lost = { configuration: { 'slp-min-tree-size': 5 }, speedup: 0.9, ci: [0.88, 0.92] } as const;
  let asked = 0;
  const similar = async () => {
    asked++;
    return [{ similarity: 0.83, results: [won, lost] }];
  };
  const evidence = evidenceOf(capturedRemarks('lz4hc'));

  it('tries what similar units gained with when the evidence had its turn, and says so', async () => {
    const expert = createExpert();
    const incumbent = { 'fno-slp-vectorize': true };
    const few = [trialOf(incumbent, 1.02)];
    await expert.propose(inputOf(evidence, { similar, history: few, incumbent }));
    expect(asked).toBe(0);
    const history = [
      ...few,
      ...Array.from({ length: 11 }, (_, index) => trialOf({ 'slp-max-vf': index }, 1)),
    ];
    const proposals = await expert.propose(inputOf(evidence, { similar, history, incumbent, batch: 200 }));
    const found = proposals.filter(({ origin }) => origin === 'similar-unit');
    expect(found.map(({ configuration }) => configuration)).toEqual([{ ...incumbent, ...won.configuration }]);
    expect(found[0]?.reason).toBe(
      'a similar unit (similarity 0.83) gained 6.0 % (95 %: 4.0 % to 8.0 %) with slp-min-tree-size=2',
    );
  });
});

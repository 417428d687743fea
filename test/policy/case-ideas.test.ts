import { describe, expect, it } from 'vitest';
import type { Evidence, Remark } from '../../src/evidence/types.js';
import { checkConfiguration } from '../../src/levers/check.js';
import type { Configuration } from '../../src/levers/types.js';
import { createExpert } from '../../src/policy/expert/expert.js';
import type { PolicyInput, Proposal, SeenTrial } from '../../src/policy/types.js';
import { assemblyOf, evidenceOf } from '../evidence/captured.js';
import { inputOf, trialOf } from './support.js';

const key = 'blur|0|0123abcd';
const location = { file: 'src/image.c', line: 10, column: 3 };
const vectorized: Remark = {
  ...{ kind: 'Passed', pass: 'loop-vectorize', name: 'Vectorized', function: 'blur', location, count: 1 },
  args: { VectorizationFactor: '4', InterleaveCount: '1' },
};
const evidence: Evidence = {
  ...evidenceOf([vectorized], [assemblyOf('blur', {}), assemblyOf('resize', {})]),
  loops: [{ key, function: 'blur', file: '/p/src/image.c', startLine: 9, endLine: 12, innermost: true }],
};

function seen(configuration: Configuration, speedup: number, effects: Partial<SeenTrial>): SeenTrial {
  return { ...trialOf(configuration, speedup, 'some-rule'), ...effects };
}

async function first(changes: Partial<PolicyInput>): Promise<Proposal | undefined> {
  const input = inputOf(evidence, { ...changes, batch: 1 });
  const [proposal] = await createExpert({ hostTune: 'skylake' }).propose(input);
  const check = checkConfiguration(proposal?.configuration ?? {}, { allow: [] }, { arch: 'x64', major: 19 });
  expect(check.ok).toBe(true);
  return proposal;
}

describe('the expert, told which cases won', () => {
  it('gives a file what made its own code faster, though all files together lost', async () => {
    const addonTrials = [
      seen({ 'mtune-x86': 'znver3' }, 0.9, { inUnit: 1.15 }),
      seen({ 'fno-slp-vectorize': true }, 1.03, { inUnit: 0.99 }),
    ];
    const proposal = await first({ addonTrials });
    expect(proposal?.configuration).toEqual({ 'mtune-x86': 'znver3' });
    expect(proposal?.reason).toContain('1.150 times as fast there, all cases 0.900');
  });

  it('does not do so where the incumbent has it already, nor for wrong results', async () => {
    const addonTrials = [
      seen({ 'fno-slp-vectorize': true }, 1.03, { inUnit: 1.15 }),
      { ...seen({ 'mtune-x86': 'znver3' }, 0.9, { inUnit: 1.3 }), outcome: 'incorrect' as const },
    ];
    const proposal = await first({ addonTrials, incumbent: { 'fno-slp-vectorize': true } });
    expect(proposal?.origin).not.toMatch(/^own:/);
  });

  it('hints single functions with what made them faster and others slower', async () => {
    const history = [
      seen({ 'force-vector-interleave': 8 }, 0.97, { functions: { blur: 1.3, resize: 0.7 } }),
      seen({ 'mtune-x86': 'znver3' }, 1, { functions: { blur: 0.99, resize: 1.2 } }),
    ];
    const proposal = await first({ history });
    expect(proposal?.configuration).toEqual({
      'md:llvm.loop.interleave.count': { [key]: 8 },
      'attr:tune-cpu': { resize: 'znver3' },
    });
    expect(proposal?.reason).toMatch(/run blur were 26 % faster; .*run resize were 18 % faster/);
  });

  it('gives plain -O3 back to a file that became slower by what won on all of them', async () => {
    const incumbent = { 'mtune-x86': 'znver3' };
    const proposal = await first({ incumbent, addonTrials: [seen(incumbent, 1.03, { inUnit: 0.93 })] });
    expect(proposal?.configuration).toEqual({});
    expect(proposal?.reason).toContain('7 % slower');
    const won = await first({ incumbent, addonTrials: [seen(incumbent, 1.03, { inUnit: 1.1 })] });
    expect(won?.configuration).not.toEqual({});
  });

  it('takes a lever back from the functions that it made slower', async () => {
    const incumbent = { 'mtune-x86': 'znver3' };
    const history = [seen(incumbent, 1.03, { functions: { blur: 0.8, resize: 1.3 } })];
    const proposal = await first({ incumbent, history });
    expect(proposal?.configuration).toEqual({ ...incumbent, 'attr:tune-cpu': { blur: 'generic' } });
    expect(proposal?.reason).toContain('run blur became 22 % slower');
  });

  it('gives no function another processor whose calls were inlined', async () => {
    const incumbent = { 'mtune-x86': 'znver3' };
    const history = [seen(incumbent, 1.03, { functions: { blur: 0.8, resize: 1.3 } })];
    const inlined: Remark = { ...vectorized, pass: 'inline', name: 'Inlined', args: { Callee: 'row' } };
    const withCall = { ...evidence, remarks: [...evidence.remarks, inlined] };
    const proposals = await createExpert().propose(inputOf(withCall, { incumbent, history, batch: 200 }));
    expect(proposals.filter(({ configuration }) => 'attr:tune-cpu' in configuration)).toEqual([]);
  });

  it('does not take the best of many noisy estimates for a gain', async () => {
    const history = [0.85, 1.18, 0.9, 1.2, 0.88, 1.15].map((blur, index) =>
      seen({ 'force-vector-interleave': 8, 'unroll-threshold': 100 + index }, 1, {
        functions: { blur, resize: 1 },
      }),
    );
    expect((await first({ history }))?.origin).not.toMatch(/^narrow:/);
    const steady = history.map((trial, index) =>
      index === 3 ? trial : { ...trial, functions: { blur: 1 + index / 1000, resize: 1 } },
    );
    expect((await first({ history: steady }))?.origin).toMatch(/^narrow:/);
  });

  it('counts what the incumbent gives a function already', async () => {
    const history = [
      seen({ 'fomit-frame-pointer': true }, 1.1, { functions: { blur: 1.21, resize: 1 } }),
      seen({ 'mtune-x86': 'znver3' }, 1.05, { functions: { blur: 1.2, resize: 1 } }),
    ];
    const proposal = await first({ history, incumbent: { 'fomit-frame-pointer': true } });
    expect(proposal?.origin).not.toMatch(/^narrow:/);
  });
});

import type { Evidence } from '../../src/evidence/types.js';
import type { Configuration } from '../../src/levers/types.js';
import type { PolicyInput, PolicyTrial, Proposal } from '../../src/policy/types.js';

/** What a policy sees at the start of a session on clang 19 for x86-64. */
export function inputOf(evidence: Evidence, changes: Partial<PolicyInput> = {}): PolicyInput {
  return {
    scope: 'unit',
    arch: 'x64',
    major: 19,
    language: 'c',
    evidence,
    incumbent: {},
    history: [],
    allow: [],
    batch: 5,
    ...changes,
  };
}

/** A measured trial with a 95 % interval of half a percent to each side. */
export function measured(proposal: Pick<Proposal, 'configuration' | 'origin'>, speedup: number): PolicyTrial {
  const outcome = speedup > 1.01 ? 'faster' : speedup < 0.99 ? 'slower' : 'within-noise';
  const { configuration, origin } = proposal;
  return { configuration, origin, outcome, speedup, ci: [speedup * 0.995, speedup * 1.005] };
}

export function trialOf(configuration: Configuration, speedup: number, origin = 'test'): PolicyTrial {
  return measured({ configuration, origin }, speedup);
}

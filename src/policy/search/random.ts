import { createHash } from 'node:crypto';
import { catalogue } from '../../levers/catalogue.js';
import { checkConfiguration } from '../../levers/check.js';
import { configurationKey } from '../../levers/configuration-key.js';
import { refusal } from '../../levers/gates.js';
import type { Configuration, Lever, LeverValue } from '../../levers/types.js';
import { seededUniform } from '../../measure/random.js';
import type { Policy, PolicyInput, Proposal } from '../types.js';

const mostLevers = 6;
const attemptsPerProposal = 50;

/**
 * The honest baseline: 1 to 6 levers drawn uniformly, with a uniform value each, out of all scalar levers that the
 * target and the gates allow. Neither evidence nor outcomes are looked at. The same seed, unit and history length
 * give the same proposals.
 */
export function createRandom(seed: number): Policy {
  return {
    name: 'random',
    propose: async (input) => drawProposals(seed, input),
  };
}

function drawProposals(seed: number, input: PolicyInput): Proposal[] {
  const target = { arch: input.arch, major: input.major };
  const levers = [...catalogue.values()].filter(
    (lever) =>
      lever.shape === 'scalar' &&
      lever.values.length > 0 &&
      refusal(lever, { allow: input.allow }, target) === undefined,
  );
  const tried = new Set(input.history.map((trial) => configurationKey(trial.configuration)));
  tried.add(configurationKey({}));
  const proposals: Proposal[] = [];
  for (let draw = 0; proposals.length < input.batch; draw++) {
    if (draw >= attemptsPerProposal * input.batch) break;
    const uniform = seededUniform(
      streamSeed(`${seed}:${input.evidence.file}:${input.history.length}:${draw}`),
    );
    const check = checkConfiguration(drawConfiguration(levers, uniform), { allow: input.allow }, target);
    if (!check.ok) continue;
    const key = configurationKey(check.configuration);
    if (tried.has(key)) continue;
    tried.add(key);
    const { configuration } = check;
    const reason = `drawn at random: ${Object.keys(configuration).join(', ')}`;
    proposals.push({ configuration, reason, origin: 'random' });
  }
  return proposals;
}

function drawConfiguration(levers: readonly Lever[], uniform: () => number): Configuration {
  const count = 1 + Math.floor(uniform() * mostLevers);
  const entries = Array.from({ length: count }, (): [string, LeverValue] | undefined => {
    const lever = levers[Math.floor(uniform() * levers.length)];
    const value = lever?.values[Math.floor(uniform() * lever.values.length)];
    return lever === undefined || value === undefined ? undefined : [lever.id, value];
  });
  return Object.fromEntries(entries.filter((entry) => entry !== undefined));
}

function streamSeed(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE(0);
}

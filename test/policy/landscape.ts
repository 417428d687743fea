import { configurationKey } from '../../src/levers/configuration-key.js';
import type { Configuration } from '../../src/levers/types.js';
import { seededUniform } from '../../src/measure/random.js';
import type { Policy, PolicyInput, PolicyTrial, Proposal } from '../../src/policy/types.js';

/** Effects of single values, in percent; every other value of these levers loses two percent, all other levers are inert. */
const effects: Readonly<Record<string, readonly [value: unknown, percent: number]>> = {
  'unroll-threshold': [1000, 3],
  'inline-threshold': [400, 3],
  'slp-threshold': [5, 2],
  'falign-loops': [32, 2],
  'fno-jump-tables': [true, 1.5],
  'unroll-runtime': [false, 1.5],
  'force-vector-width': [4, 2],
  'inline-call-penalty': [50, 1],
  fwrapv: ['never', 0],
  'O-level-Os': ['never', 0],
  'O-level-Oz': ['never', 0],
  'fno-vectorize': ['never', 0],
  'fno-builtin': ['never', 0],
};

/** Two levers that only help together. */
const pair = { ids: ['enable-ext-tsp-block-placement', 'falign-functions'], percent: 3 } as const;

/** The speedup that all good values together give. */
export const optimum: number = Math.exp(
  (Object.values(effects).reduce((sum, [, percent]) => sum + percent, 0) + pair.percent) / 100,
);

/** The true speedup of a configuration; undefined when it compiles to the code of -O3. */
export function trueSpeedup(configuration: Configuration): number | undefined {
  const known = Object.entries(configuration).filter(([id]) => id in effects);
  const isPair = pair.ids.every((id) => id in configuration);
  if (known.length === 0 && !isPair) return undefined;
  const percent = known.reduce((sum, [id, value]) => {
    const effect = effects[id];
    return sum + (effect?.[0] === value ? effect[1] : -2);
  }, 0);
  return Math.exp((percent + (isPair ? pair.percent : 0)) / 100);
}

/**
 * Measures like a session: with half a percent of noise to each side, and nothing twice. What compiles to the code of
 * an earlier trial gets that trial's outcome.
 */
function createSession(seed: number): (proposal: Proposal) => { trial: PolicyTrial; isMeasured: boolean } {
  const noise = seededUniform(seed);
  const seen = new Map<string, PolicyTrial>();
  return ({ configuration, origin }) => {
    const truth = trueSpeedup(configuration);
    if (truth === undefined) {
      return { trial: { configuration, origin, outcome: 'identical' }, isMeasured: false };
    }
    const code = codeOf(configuration);
    const known = seen.get(code);
    if (known !== undefined) return { trial: { ...known, configuration, origin }, isMeasured: false };
    const speedup = truth * (1 + (noise() - 0.5) * 0.01);
    const outcome = speedup > 1.01 ? 'faster' : speedup < 0.99 ? 'slower' : 'within-noise';
    const ci = [speedup * 0.995, speedup * 1.005] as const;
    const trial: PolicyTrial = { configuration, origin, outcome, speedup, ci };
    seen.set(code, trial);
    return { trial, isMeasured: true };
  };
}

/** Inert levers do not change the code. */
function codeOf(configuration: Configuration): string {
  const ids = [...Object.keys(effects), ...pair.ids];
  return configurationKey(
    Object.fromEntries(Object.entries(configuration).filter(([id]) => ids.includes(id))),
  );
}

/** Runs a policy until that many trials were measured, or a thousand batches were asked for. */
export async function explore(
  policy: Policy,
  start: PolicyInput,
  measuredTrials: number,
  seed: number,
): Promise<PolicyTrial[]> {
  const measure = createSession(seed);
  const history: PolicyTrial[] = [...start.history];
  let measured = 0;
  for (let batch = 0; batch < 1000 && measured < measuredTrials; batch++) {
    const proposals = await policy.propose({ ...start, history: [...history] });
    if (proposals.length === 0) break;
    for (const proposal of proposals) {
      const { trial, isMeasured } = measure(proposal);
      history.push(trial);
      if (isMeasured) measured++;
    }
  }
  return history;
}

/** The true speedup of the best configuration of a history. */
export function bestFound(history: readonly PolicyTrial[]): number {
  return Math.max(1, ...history.map(({ configuration }) => trueSpeedup(configuration) ?? 1));
}

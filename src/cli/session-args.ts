import path from 'node:path';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';

/** Flags that override the config for one session. */
export const sessionArgs = {
  minutes: { type: 'string', valueHint: 'N', description: 'Time budget of the session' },
  trials: { type: 'string', valueHint: 'N', description: 'Most configurations to measure' },
  policy: {
    type: 'string',
    valueHint: 'NAME',
    description: 'What proposes configurations: expert, agents, random, genetic or ensemble',
  },
  isa: {
    type: 'string',
    valueHint: 'LEVEL',
    description:
      'ISA level to tune for: baseline, dispatch (baseline and the best), host, or one such as x86-64-v3',
  },
  seed: { type: 'string', valueHint: 'N', description: 'Seed of every random choice' },
  replay: {
    type: 'string',
    valueHint: 'FILE',
    description: 'Agents answer from this transcript; nothing is sent',
  },
} as const;

/** @throws AutoPassError `BAD_FLAG` when a number is none. */
export function withSessionArgs(
  config: Config,
  args: Readonly<Partial<Record<keyof typeof sessionArgs, string | undefined>>>,
): Config {
  return {
    ...config,
    budget: {
      minutes: number('minutes', args.minutes) ?? config.budget.minutes,
      trials: number('trials', args.trials) ?? config.budget.trials,
    },
    policy: args.policy ?? config.policy,
    isa: args.isa ?? config.isa,
    seed: number('seed', args.seed) ?? config.seed,
    model: { ...config.model, ...(args.replay !== undefined && { replay: path.resolve(args.replay) }) },
  };
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) {
    throw new AutoPassError('BAD_FLAG', `--${name} takes a number above 0, not "${text}".`);
  }
  return value;
}

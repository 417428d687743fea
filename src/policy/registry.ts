import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import { type Logger, silentLogger } from '../log.js';
import { createModelClient } from '../model/client.js';
import { createAgents } from './agents/agents.js';
import { createExpert } from './expert/expert.js';
import { createEnsemble } from './search/ensemble.js';
import { createGenetic } from './search/genetic.js';
import { createRandom } from './search/random.js';
import type { Policy } from './types.js';

/** What a session gives to a policy besides a seed. */
export interface PolicyContext {
  readonly config?: Config;
  readonly logger?: Logger;
  readonly env?: NodeJS.ProcessEnv;
  /** Policies that ask a model print what they would send, and end the session. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Makes a policy. The seed matters only to those that draw random numbers, the context to those that ask a model. */
export type PolicyFactory = (seed: number, context: PolicyContext) => Policy;

/** Policies by the name used in configs and on the command line. */
export const policies: ReadonlyMap<string, PolicyFactory> = new Map<string, PolicyFactory>([
  ['expert', () => createExpert()],
  ['random', createRandom],
  ['genetic', createGenetic],
  ['ensemble', createEnsemble],
  ['agents', (_, context) => agentsOf(context)],
]);

/** Throws `UNKNOWN_POLICY` for a name that is not registered. */
export function createPolicy(name: string, seed: number, context: PolicyContext = {}): Policy {
  const factory = policies.get(name);
  if (factory === undefined) {
    throw new AutoPassError('UNKNOWN_POLICY', `there is no policy named ${JSON.stringify(name)}`, {
      hint: `use one of: ${[...policies.keys()].join(', ')}`,
    });
  }
  return factory(seed, context);
}

function agentsOf({
  config,
  logger = silentLogger,
  env = process.env,
  dryRun,
  signal,
}: PolicyContext): Policy {
  const connect = (): ReturnType<typeof createModelClient> => {
    if (config === undefined) throw new Error('agents were made without a config');
    const { packageRoot, model } = config;
    return createModelClient({ config: model, packageRoot, logger, env, signal, ...(dryRun && { dryRun }) });
  };
  return createAgents({
    connect,
    shape: config?.model.search ?? 'tree',
    expert: createExpert(),
    logger,
    signal,
  });
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ModelConfig } from '../config/model.js';
import type { Logger } from '../log.js';
import { dryRun } from './dry-run.js';
import { createEndpoint } from './endpoint.js';
import { createRedactor, withRedaction } from './redact.js';
import { createReplay } from './replay.js';
import { type RetryOptions, withRetries } from './retry.js';
import { endpointName, type ModelSettings, modelSettings } from './settings.js';
import { withShrinking } from './shrink.js';
import { Spending, withSpending } from './spending.js';
import { Transcript, withTranscript } from './transcript.js';
import type { Ask } from './types.js';

export interface ModelClientOptions {
  readonly config: ModelConfig;
  readonly packageRoot: string;
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** For tests; by default four attempts and waits of at most a minute. */
  readonly retry?: Partial<RetryOptions>;
}

/** Everything between the agents and the endpoint: redaction, budget, shrinking, transcript, retries. */
export interface ModelClient {
  readonly settings: ModelSettings;
  readonly ask: Ask;
  readonly spending: Spending;
  readonly transcript: Transcript;
  /** A real exchange with every model that the session will use. Throws what is wrong with one. */
  probe(): Promise<void>;
}

/** @throws ModelError `MODEL_NOT_CONFIGURED`, `MODEL_REPLAY` */
export function createModelClient(options: ModelClientOptions): ModelClient {
  const { config, packageRoot, logger, env, signal } = options;
  const isOffline = config.replay !== undefined || options.dryRun === true;
  const settings = modelSettings(
    isOffline ? { name: 'none', baseUrl: 'http://offline', ...config } : config,
    env,
  );
  const redact = createRedactor(env, [packageRoot]);
  const transcript = new Transcript(isOffline ? undefined : transcriptFile(packageRoot), redact);
  const spending = new Spending(settings);
  const source =
    options.dryRun === true
      ? dryRun
      : config.replay !== undefined
        ? createReplay(path.resolve(packageRoot, config.replay))
        : createEndpoint(settings, signal);
  const patient = withRetries(source, {
    attempts: 4,
    firstWaitMs: 1_000,
    longestWaitMs: 60_000,
    onWait: (error, waitMs) => logger.info(`   ${redact(error.message)}; asking again in ${waitMs / 1000} s`),
    signal,
    ...options.retry,
  });
  const recorded = withTranscript(patient, transcript);
  const ask = withRedaction(withShrinking(withSpending(recorded, spending)), redact);
  return {
    settings,
    ask,
    spending,
    transcript,
    probe: () => (isOffline ? Promise.resolve() : probe(ask, settings, logger)),
  };
}

async function probe(ask: Ask, settings: ModelSettings, logger: Logger): Promise<void> {
  const models = new Set(Object.values(settings.roles).filter((name) => name !== 'off'));
  for (const model of models) {
    await ask({
      topic: `probe ${model}`,
      model,
      messages: [{ role: 'user', content: 'Answer with the word: ready' }],
      tools: [],
      // Models that think before they answer need room even for one word.
      maxTokens: 1024,
    });
    logger.debug(`${model} at ${endpointName(settings.baseUrl)} answers`);
  }
}

/** The first free name: a resumed session does not overwrite what an earlier one paid for. */
function transcriptFile(packageRoot: string): string {
  const folder = path.join(packageRoot, '.autopass', 'transcripts');
  for (let number = 1; ; number++) {
    const file = path.join(folder, `${String(number).padStart(4, '0')}.jsonl`);
    if (!existsSync(file)) return file;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError } from './errors.js';
import type { Ask } from './types.js';

export interface RetryOptions {
  /** Attempts in all. */
  readonly attempts: number;
  readonly firstWaitMs: number;
  /** A longer wait than this is not waited for, whoever asks for it. */
  readonly longestWaitMs: number;
  readonly onWait: (error: ModelError, waitMs: number) => void;
  readonly signal?: AbortSignal | undefined;
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What took too long once is asked once more: a second wait tells whether it was chance. */
const timeOuts = 2;

/** Asks again after failures that may pass, waiting as long as the endpoint says, else twice as long each time. */
export function withRetries(ask: Ask, options: RetryOptions): Ask {
  const { attempts, firstWaitMs, longestWaitMs, onWait, signal, wait = pause } = options;
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(request);
      } catch (error) {
        if (!(error instanceof ModelError) || !error.mayPass) throw error;
        if (attempt >= (error.code === 'MODEL_TIMEOUT' ? timeOuts : attempts)) throw error;
        const waitMs = error.retryAfterMs ?? firstWaitMs * 2 ** (attempt - 1);
        if (waitMs > longestWaitMs) throw error;
        onWait(error, waitMs);
        await wait(waitMs, signal);
      }
    }
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

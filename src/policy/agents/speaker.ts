import type { Ask } from '../../model/types.js';

/** Who is asked, about what, and how. */
export interface Speaker {
  readonly ask: Ask;
  readonly model: string;
  readonly topic: string;
  readonly maxTokens: number;
  readonly system: string;
  readonly signal: AbortSignal | undefined;
}

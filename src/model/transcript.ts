import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from './errors.js';
import type { Redact } from './redact.js';
import type { Ask, Message, ModelAnswer, ModelRequest } from './types.js';

/** One line of a transcript: what was asked, and the answer or the failure. */
export interface TranscriptLine {
  readonly topic: string;
  readonly model: string;
  /** Messages that the line before of the same topic does not begin with. */
  readonly messages: readonly Message[];
  /** How many messages of that line come before them. */
  readonly after: number;
  readonly tools: readonly string[];
  readonly answer?: ModelAnswer;
  readonly error?: { readonly code: string; readonly message: string };
}

/** JSON lines of a session's exchanges, redacted, and their hash. */
export class Transcript {
  private readonly hash = createHash('sha256');
  private readonly known = new Map<string, readonly Message[]>();

  /** Without a file only the hash is kept. */
  constructor(
    readonly file: string | undefined,
    private readonly redact: Redact,
  ) {
    if (file !== undefined) mkdirSync(path.dirname(file), { recursive: true });
  }

  /** SHA-256 of all lines so far. */
  get digest(): string {
    return this.hash.copy().digest('hex');
  }

  add(request: ModelRequest, outcome: Pick<TranscriptLine, 'answer' | 'error'>): void {
    const { topic, model, messages } = request;
    const before = this.known.get(topic) ?? [];
    const after = before.every((message, at) => JSON.stringify(message) === JSON.stringify(messages[at]))
      ? before.length
      : 0;
    this.known.set(topic, messages);
    const tools = request.tools.map(({ name }) => name);
    const line: TranscriptLine = { topic, model, messages: messages.slice(after), after, tools, ...outcome };
    const text = `${JSON.stringify(redacted(line, this.redact))}\n`;
    this.hash.update(text);
    // A session that is killed must leave what it paid for.
    if (this.file !== undefined) appendFileSync(this.file, text);
  }
}

/** Records every exchange. */
export function withTranscript(ask: Ask, transcript: Transcript): Ask {
  return async (request) => {
    try {
      const answer = await ask(request);
      transcript.add(request, { answer });
      return answer;
    } catch (error) {
      if (error instanceof ModelError) {
        transcript.add(request, { error: { code: error.code, message: error.message } });
      }
      throw error;
    }
  };
}

function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted(item, redact)]));
}

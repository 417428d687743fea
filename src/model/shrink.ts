import { ModelError } from './errors.js';
import type { Ask, Message } from './types.js';

const mostShrinks = 4;
const mostTokensFactor = 4;
/** Shorter messages are left whole. */
const leastShortened = 400;

/**
 * Makes requests fit: where the context overflows, the longest messages lose their middle; where the answer is cut off,
 * it may be longer.
 */
export function withShrinking(ask: Ask): Ask {
  return async (request) => {
    let current = request;
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask(current);
      } catch (error) {
        if (!(error instanceof ModelError) || attempt >= mostShrinks) throw error;
        if (error.code === 'MODEL_CONTEXT') {
          const messages = shrunk(current.messages);
          if (messages === undefined) throw error;
          current = { ...current, messages };
        } else if (error.code === 'MODEL_TRUNCATED') {
          const maxTokens = current.maxTokens * 2;
          if (maxTokens > request.maxTokens * mostTokensFactor) throw error;
          current = { ...current, maxTokens };
        } else throw error;
      }
    }
  };
}

/** The conversation at about three fifths of its length; undefined when nothing can be left out. The system message stays. */
export function shrunk(messages: readonly Message[]): readonly Message[] | undefined {
  const total = messages.reduce((size, { content }) => size + content.length, 0);
  const result = [...messages];
  let size = total;
  while (size > total * 0.6) {
    const index = longest(result);
    const message = result[index];
    if (message === undefined) break;
    const content = withoutMiddle(message.content, Math.floor(message.content.length / 2));
    size -= message.content.length - content.length;
    result[index] = { ...message, content };
  }
  return size < total ? result : undefined;
}

function longest(messages: readonly Message[]): number {
  let best = -1;
  for (const [index, { role, content }] of messages.entries()) {
    if (role === 'system' || content.length < leastShortened) continue;
    if (best === -1 || content.length > (messages[best]?.content.length ?? 0)) best = index;
  }
  return best;
}

/** The beginning and the end of a text that is longer than `limit`, and how much is missing between them. */
export function withoutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.ceil(limit * 0.7);
  const tail = Math.max(0, limit - head - 40);
  return `${text.slice(0, head)}\n… ${text.length - head - tail} characters left out …\n${tail > 0 ? text.slice(-tail) : ''}`;
}

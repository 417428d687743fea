import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ModelError, type ModelErrorCode } from './errors.js';
import type { Ask, ModelAnswer } from './types.js';

const lineSchema = z.object({
  topic: z.string(),
  answer: z
    .object({
      text: z.string(),
      toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })),
      usage: z.object({ input: z.number(), output: z.number(), cost: z.number().optional() }),
    })
    .optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/**
 * Answers from a transcript, without a network: those of a topic in the order in which they were given. Measured times
 * differ from run to run, so requests are not compared.
 * @throws ModelError `MODEL_REPLAY` when the transcript cannot be read, and when a topic has no answer left.
 */
export function createReplay(file: string): Ask {
  const answers = readTranscript(file);
  return async ({ topic }) => {
    const next = answers.get(topic)?.shift();
    if (next === undefined)
      throw new ModelError('MODEL_REPLAY', `${file} holds no further answer for ${topic}`);
    if (next.answer !== undefined) return next.answer;
    const { code = 'MODEL_SERVER', message = 'failed' } = next.error ?? {};
    // A code that nobody knows is treated as any other failure.
    throw new ModelError(code as ModelErrorCode, message);
  };
}

interface Outcome {
  readonly answer?: ModelAnswer;
  readonly error?: { readonly code: string; readonly message: string };
}

function readTranscript(file: string): Map<string, Outcome[]> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ModelError('MODEL_REPLAY', `the transcript ${file} cannot be read`, { cause });
  }
  const answers = new Map<string, Outcome[]>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { topic, ...outcome } = parseLine(line, `${file}:${index + 1}`);
    const known = answers.get(topic);
    if (known === undefined) answers.set(topic, [outcome]);
    else known.push(outcome);
  }
  return answers;
}

function parseLine(line: string, where: string): Outcome & { topic: string } {
  try {
    return lineSchema.parse(JSON.parse(line)) as Outcome & { topic: string };
  } catch (cause) {
    throw new ModelError('MODEL_REPLAY', `${where} is no line of a transcript`, { cause });
  }
}

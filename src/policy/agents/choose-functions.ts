import { z } from 'zod';
import { converse, type FinalTool } from './converse.js';
import { renderPrompt, untrusted } from './prompts.js';
import { type RankedFunction, renderFunctions } from './score.js';
import type { Speaker } from './speaker.js';

/**
 * Lets a model order the ranked functions and leave out what it does not want to look at. It answers in numbers of the list, so
 * that no name can be made up. Undefined when it gives no usable order.
 */
export function chooseFunctions(
  speaker: Speaker,
  subject: string,
  ranked: readonly RankedFunction[],
): Promise<readonly RankedFunction[] | undefined> {
  const final: FinalTool<{ functions: number[] }, readonly RankedFunction[]> = {
    name: 'look_at',
    description: 'Names the functions to look at.',
    schema: z.strictObject({
      functions: z.array(z.number().int()).max(50).describe('their numbers, the most promising first'),
    }),
    accept: ({ functions }) => {
      const chosen = [...new Set(functions)].flatMap((number) => ranked[number - 1] ?? []);
      return chosen.length > 0
        ? { ok: true, value: chosen }
        : { ok: false, problem: `functions takes numbers from 1 to ${ranked.length}` };
    },
  };
  const prompt = renderPrompt('score', {
    subject: untrusted(subject),
    functions: untrusted(
      ranked.map((entry, index) => `${index + 1}. ${renderFunctions([entry])}`).join('\n'),
    ),
  });
  return converse({ ...speaker, prompt, tools: [], final, steps: 0 });
}

import { z } from 'zod';
import { withoutMiddle } from '../../model/shrink.js';
import type { Ask, Message, ToolCall, ToolSpec } from '../../model/types.js';
import { untrusted } from './prompts.js';

/** Something that the model may ask for. Arguments are parsed by the schema before `run` sees them. */
export interface Tool<T = unknown> {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType<T>;
  run(args: T): Promise<string>;
}

/** The call that ends a conversation. */
export interface FinalTool<A, T> {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType<A>;
  accept(
    args: A,
  ): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };
}

export interface Conversation<A, T> {
  readonly ask: Ask;
  readonly model: string;
  readonly topic: string;
  readonly maxTokens: number;
  readonly system: string;
  readonly prompt: string;
  readonly tools: readonly Tool[];
  readonly final: FinalTool<A, T>;
  /** Answers with tool calls before the final one is demanded. */
  readonly steps: number;
  readonly signal?: AbortSignal | undefined;
}

/** Answers that may be wrong before the conversation is given up. */
const mostRepairs = 3;
const callsAtOnce = 6;
/** Characters of a tool's answer. */
const answerLimit = 3500;

/** Lets the model use tools until it makes the final call; undefined when it never makes one that can be used. */
export async function converse<A, T>(conversation: Conversation<A, T>): Promise<T | undefined> {
  const { ask, model, topic, maxTokens, final, steps } = conversation;
  const messages: Message[] = [
    { role: 'system', content: conversation.system },
    { role: 'user', content: conversation.prompt },
  ];
  let repairs = 0;
  for (let step = 0; repairs <= mostRepairs; step++) {
    const isLast = step >= steps;
    const tools = [...(isLast ? [] : conversation.tools.map(specOf)), specOf(final)];
    const must = isLast ? { mustCall: final.name } : {};
    const answer = await ask({ topic, model, messages: [...messages], tools, maxTokens, ...must });
    const { text, toolCalls } = answer;
    messages.push({ role: 'assistant', content: text, ...(toolCalls.length > 0 && { toolCalls }) });
    if (toolCalls.length === 0) {
      repairs++;
      messages.push({
        role: 'user',
        content: `Call ${isLast ? final.name : `a tool, in the end ${final.name}`}.`,
      });
    }
    let isWrong = false;
    let value: { readonly found: T } | undefined;
    for (const [index, call] of toolCalls.entries()) {
      const outcome = await answerTo(call, index, conversation, isLast);
      if (outcome.kind === 'final') value ??= { found: outcome.value };
      isWrong ||= outcome.kind === 'wrong';
      messages.push({
        role: 'tool',
        callId: call.id,
        name: call.name,
        content: outcome.kind === 'final' ? 'taken' : outcome.text,
      });
    }
    if (value !== undefined) return value.found;
    if (isWrong || (isLast && toolCalls.length > 0)) repairs++;
  }
  return undefined;
}

type CallOutcome<T> =
  | { readonly kind: 'answer' | 'wrong'; readonly text: string }
  | { readonly kind: 'final'; readonly value: T };

async function answerTo<A, T>(
  call: ToolCall,
  index: number,
  { tools, final, signal }: Conversation<A, T>,
  isLast: boolean,
): Promise<CallOutcome<T>> {
  if (index >= callsAtOnce)
    return { kind: 'answer', text: `at most ${callsAtOnce} calls at once: call again` };
  if (call.name === final.name) {
    const args = parseArguments(call, final.schema);
    if (!args.ok) return { kind: 'wrong', text: args.problem };
    const accepted = final.accept(args.value);
    return accepted.ok ? { kind: 'final', value: accepted.value } : { kind: 'wrong', text: accepted.problem };
  }
  const tool = tools.find(({ name }) => name === call.name);
  const names = [...tools.map(({ name }) => name), final.name].join(', ');
  if (tool === undefined)
    return { kind: 'wrong', text: `there is no tool ${call.name.slice(0, 60)}: use one of ${names}` };
  if (isLast) return { kind: 'wrong', text: `no more looking: call ${final.name} now` };
  const args = parseArguments(call, tool.schema);
  if (!args.ok) return { kind: 'wrong', text: args.problem };
  try {
    return { kind: 'answer', text: untrusted(withoutMiddle(await tool.run(args.value), answerLimit)) };
  } catch (error) {
    signal?.throwIfAborted();
    return {
      kind: 'answer',
      text: `${tool.name} failed: ${error instanceof Error ? error.message.slice(0, 200) : 'no reason'}`,
    };
  }
}

function parseArguments<A>(
  call: ToolCall,
  schema: z.ZodType<A>,
): { readonly ok: true; readonly value: A } | { readonly ok: false; readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(call.arguments.trim() === '' ? '{}' : call.arguments);
  } catch (error) {
    return {
      ok: false,
      problem: `the arguments are not JSON: ${error instanceof Error ? error.message : ''}`,
    };
  }
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : {
        ok: false,
        problem: `the arguments of ${call.name} are wrong:\n${z.prettifyError(parsed.error)}`.slice(0, 1200),
      };
}

function specOf({ name, description, schema }: Pick<Tool, 'name' | 'description' | 'schema'>): ToolSpec {
  const { $schema: _, ...parameters } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { name, description, parameters };
}

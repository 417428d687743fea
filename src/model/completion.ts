import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import { endpointError } from './endpoint-error.js';
import { ModelError } from './errors.js';
import type { ModelAnswer, ModelRequest, ToolCall, Usage } from './types.js';

/** The parts of an answer that count, whether it came whole or in pieces. */
export interface RawAnswer {
  text: string;
  refusal: string;
  toolCalls: { id: string; name: string; arguments: string }[];
  finish: string | undefined;
  usage: Usage | undefined;
}

/** @throws ModelError for refusals, cut off and empty answers, and errors that come with status 200. */
export function answerOf(raw: RawAnswer, request: ModelRequest): ModelAnswer {
  const { model } = request;
  if (raw.refusal !== '')
    throw new ModelError('MODEL_REFUSAL', `${model} refuses: ${raw.refusal.slice(0, 200)}`);
  if (raw.finish === 'content_filter')
    throw new ModelError('MODEL_REFUSAL', `the answer of ${model} was filtered`);
  if (raw.finish === 'length') {
    throw new ModelError('MODEL_TRUNCATED', `${model} was cut off after ${request.maxTokens} tokens`);
  }
  const text = withoutThoughts(raw.text);
  const toolCalls = raw.toolCalls.map(named).filter((call) => call.name !== '');
  if (text === '' && toolCalls.length === 0)
    throw new ModelError('MODEL_MALFORMED', `${model} gave an empty answer`);
  return { text, toolCalls, usage: raw.usage ?? estimated(request, text, toolCalls) };
}

/** Reads a completion that came whole. Nothing of it is trusted to be there. */
export function wholeAnswer(completion: ChatCompletion, model: string, where: string): RawAnswer {
  const body = completion as Partial<ChatCompletion> & { error?: { code?: unknown; message?: unknown } };
  const choice = body.choices?.[0];
  if (choice?.message === undefined) {
    if (body.error !== undefined) throw bodyError(body.error, model, where);
    throw new ModelError('MODEL_MALFORMED', `${where} answered without a message`);
  }
  const { message } = choice;
  return {
    text: typeof message.content === 'string' ? message.content : '',
    refusal: message.refusal ?? '',
    toolCalls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === undefined || call.type === 'function'
        ? [
            {
              id: call.id ?? '',
              name: call.function?.name ?? '',
              arguments: textOf(call.function?.arguments),
            },
          ]
        : [],
    ),
    finish: choice.finish_reason ?? undefined,
    usage: usageOf(body.usage),
  };
}

/** Puts a streamed completion together. A stream that ends early has no finish reason. */
export async function streamedAnswer(
  chunks: AsyncIterable<ChatCompletionChunk>,
  model: string,
  where: string,
): Promise<RawAnswer> {
  const raw: RawAnswer = { text: '', refusal: '', toolCalls: [], finish: undefined, usage: undefined };
  for await (const chunk of chunks) {
    const { error } = chunk as { error?: { code?: unknown; message?: unknown } };
    if (error !== undefined) throw bodyError(error, model, where);
    raw.usage = usageOf(chunk.usage) ?? raw.usage;
    const choice = chunk.choices?.[0];
    if (choice === undefined) continue;
    raw.finish = choice.finish_reason ?? raw.finish;
    raw.text += choice.delta?.content ?? '';
    raw.refusal += choice.delta?.refusal ?? '';
    for (const part of choice.delta?.tool_calls ?? []) {
      const at = part.index ?? 0;
      const call = raw.toolCalls[at] ?? { id: '', name: '', arguments: '' };
      raw.toolCalls[at] = call;
      call.id = part.id ?? call.id;
      call.name += part.function?.name ?? '';
      call.arguments += part.function?.arguments ?? '';
    }
  }
  if (raw.finish === undefined)
    throw new ModelError('MODEL_MALFORMED', `the stream of ${where} ended in the middle`);
  return { ...raw, toolCalls: raw.toolCalls.filter((call) => call !== undefined) };
}

/** Some gateways answer 200 with an error inside. */
function bodyError(error: { code?: unknown; message?: unknown }, model: string, where: string): ModelError {
  const status = Number(error.code);
  return endpointError(
    { status: Number.isInteger(status) ? status : undefined, text: String(error.message ?? 'no message') },
    model,
    where,
  );
}

/** Ollama leaves ids out, and some servers send the arguments as an object. */
function named(call: ToolCall, index: number): ToolCall {
  return { ...call, id: call.id === '' ? `call-${index}` : call.id };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? {});
}

function usageOf(usage: unknown): Usage | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const { prompt_tokens: input, completion_tokens: output, cost } = usage as Record<string, unknown>;
  if (typeof input !== 'number' || typeof output !== 'number') return undefined;
  return { input, output, ...(typeof cost === 'number' && { cost }) };
}

/** Where the endpoint counts no tokens, four characters are taken as one. */
function estimated(request: ModelRequest, text: string, toolCalls: readonly ToolCall[]): Usage {
  const said = text.length + toolCalls.reduce((size, call) => size + call.arguments.length, 0);
  return { input: estimatedTokens(request), output: Math.ceil(said / 4) };
}

/** Tokens of a request, at four characters each. */
export function estimatedTokens(request: Pick<ModelRequest, 'messages' | 'tools'>): number {
  const messages = request.messages.reduce((size, { content }) => size + content.length, 0);
  const tools = request.tools.length === 0 ? 0 : JSON.stringify(request.tools).length;
  return Math.ceil((messages + tools) / 4);
}

/** Reasoning models of local servers think aloud in the text. */
function withoutThoughts(text: string): string {
  return text.replace(/<think>[\s\S]*?<\/think>/g, '').trim();
}

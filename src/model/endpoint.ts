import type { OpenAI } from 'openai';
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { answerOf, type RawAnswer, streamedAnswer, wholeAnswer } from './completion.js';
import { endpointError, failureOf } from './endpoint-error.js';
import { ModelError } from './errors.js';
import { adapted, firstQuirks, type Quirks } from './quirks.js';
import { endpointName, type ModelSettings } from './settings.js';
import { asText, withCallsFromText } from './text-tools.js';
import type { Ask, Message, ModelRequest } from './types.js';

const mostAdaptations = 5;

/**
 * Exchanges over the chat-completions protocol. What the endpoint turns out not to support (tool calls, a demanded tool,
 * the name of the token limit) is done without from then on.
 */
export function createEndpoint(settings: ModelSettings, signal?: AbortSignal): Ask {
  const where = endpointName(settings.baseUrl);
  let quirks = firstQuirks(settings.baseUrl, settings.tools);
  let client: Promise<Client> | undefined;
  return async (request) => {
    client ??= connect(settings);
    const { openai, errors } = await client;
    for (let attempt = 0; ; attempt++) {
      const sent = quirks.tools === 'text' ? asText(request) : request;
      try {
        const raw = await exchange(openai, sent, { quirks, settings, where, signal });
        const answer = answerOf(raw, sent);
        return quirks.tools === 'text' || answer.toolCalls.length === 0
          ? withCallsFromText(answer, request)
          : answer;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof errors.APIError)) throw translated(error, where);
        if (error instanceof errors.APIConnectionTimeoutError) {
          throw new ModelError('MODEL_TIMEOUT', `${where} took longer than ${settings.timeoutMs / 1000} s`, {
            cause: error,
          });
        }
        if (error instanceof errors.APIConnectionError) {
          throw new ModelError('MODEL_UNREACHABLE', `${where} cannot be reached: ${causeText(error)}`, {
            cause: error,
          });
        }
        const failure = failureOf(error);
        const use = {
          tools: sent.tools.length > 0,
          forced: sent.mustCall !== undefined,
          mayUseText: settings.tools === 'auto',
        };
        const next = attempt < mostAdaptations ? adapted(quirks, failure, use) : undefined;
        if (next === undefined) throw endpointError(failure, request.model, where);
        quirks = next;
      }
    }
  };
}

interface Client {
  readonly openai: OpenAI;
  readonly errors: Pick<
    typeof import('openai'),
    'APIError' | 'APIConnectionError' | 'APIConnectionTimeoutError'
  >;
}

/** The package is loaded here and nowhere else: only sessions with agents pay for it. */
async function connect(settings: ModelSettings): Promise<Client> {
  const errors = await import('openai');
  const { baseUrl, apiKey, apiVersion } = settings;
  const shared = { apiKey, timeout: settings.timeoutMs, maxRetries: 0, logLevel: 'off' } as const;
  const isAzure = apiVersion !== undefined && baseUrl !== undefined;
  const openai = isAzure
    ? new errors.AzureOpenAI({
        ...shared,
        apiVersion,
        endpoint: new URL(baseUrl).origin,
        deployment: settings.name,
      })
    : new errors.OpenAI({ ...shared, ...(baseUrl !== undefined && { baseURL: baseUrl }) });
  return { openai, errors };
}

interface ExchangeContext {
  readonly quirks: Quirks;
  readonly settings: ModelSettings;
  readonly where: string;
  readonly signal: AbortSignal | undefined;
}

async function exchange(openai: OpenAI, request: ModelRequest, context: ExchangeContext): Promise<RawAnswer> {
  const { settings, where, signal, quirks } = context;
  const params = paramsOf(request, quirks);
  const options = { ...(signal && { signal }) };
  if (!settings.stream) {
    return wholeAnswer(await openai.chat.completions.create(params, options), request.model, where);
  }
  const usage = quirks.streamUsage ? { stream_options: { include_usage: true } } : {};
  const deadline = AbortSignal.timeout(settings.timeoutMs);
  try {
    const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    const chunks = await openai.chat.completions.create(
      { ...params, ...usage, stream: true },
      { signal: both },
    );
    return await streamedAnswer(chunks, request.model, where);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new ModelError('MODEL_TIMEOUT', `${where} took longer than ${settings.timeoutMs / 1000} s`, {
      cause: error,
    });
  }
}

function paramsOf(request: ModelRequest, quirks: Quirks): ChatCompletionCreateParamsNonStreaming {
  const { model, messages, tools, mustCall, maxTokens } = request;
  const forced = mustCall !== undefined && quirks.forcedTool;
  return {
    model,
    messages: messages.map(messageParam),
    [quirks.tokenLimit]: maxTokens,
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: 'function' as const,
        function: { name, description, parameters },
      })),
      ...(forced && { tool_choice: { type: 'function' as const, function: { name: mustCall } } }),
    }),
  };
}

function messageParam(message: Message): ChatCompletionMessageParam {
  if (message.role === 'tool')
    return { role: 'tool', tool_call_id: message.callId, content: message.content };
  if (message.role !== 'assistant') return { role: message.role, content: message.content };
  const calls = message.toolCalls?.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: text },
  }));
  return {
    role: 'assistant',
    content: message.content === '' && calls !== undefined ? null : message.content,
    ...(calls !== undefined && { tool_calls: calls }),
  };
}

/** Whatever else goes wrong while an answer is read is a malformed answer. */
function translated(error: unknown, where: string): unknown {
  if (error instanceof ModelError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ModelError(
    'MODEL_MALFORMED',
    `${where} sent something that is no answer: ${text.slice(0, 200)}`,
    { cause: error },
  );
}

function causeText(error: Error): string {
  const { cause } = error;
  const inner = cause instanceof Error ? (cause.cause ?? cause) : error;
  const code = (inner as NodeJS.ErrnoException).code;
  return code ?? (inner instanceof Error ? inner.message : error.message);
}

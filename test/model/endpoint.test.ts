import { afterEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { createEndpoint } from '../../src/model/endpoint.js';
import { retryAfterMs } from '../../src/model/endpoint-error.js';
import { type ModelSettings, modelSettings } from '../../src/model/settings.js';
import type { ModelAnswer, ModelRequest } from '../../src/model/types.js';
import { type ChatRequest, call, failure, type ModelServer, type Reply, say, startServer } from './server.js';

const open: ModelServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const tool = { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} } };
const request: ModelRequest = {
  topic: 'test',
  model: 'small-model',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello' },
  ],
  tools: [],
  maxTokens: 50,
};

async function ask(
  script: (request: ChatRequest, index: number) => Reply,
  changes: Partial<ModelRequest> = {},
  settings: Partial<ModelSettings> = {},
): Promise<{ answer: ModelAnswer; server: ModelServer }> {
  const server = await startServer(script);
  open.push(server);
  const { model } = configSchema.parse({});
  const base = modelSettings(
    { ...model, name: 'small-model', baseUrl: server.url },
    { OPENAI_API_KEY: 'sk-secret-key-123456' },
  );
  const endpoint = createEndpoint({ ...base, ...settings });
  return { answer: await endpoint({ ...request, ...changes }), server };
}

describe('an endpoint', () => {
  it.each([true, false])('answers in text and counts tokens (streaming: %s)', async (stream) => {
    const { answer, server } = await ask(() => say('Good day'), {}, { stream });
    expect(answer).toEqual({ text: 'Good day', toolCalls: [], usage: { input: 100, output: 20 } });
    expect(server.authorizations).toEqual(['Bearer sk-secret-key-123456']);
    expect(server.requests[0]).toMatchObject({ model: 'small-model', max_tokens: 50 });
  });

  it.each([true, false])('calls several tools at once (streaming: %s)', async (stream) => {
    const { answer } = await ask(
      () => call(['look', { at: 'a long argument' }], ['look', {}]),
      { tools: [tool] },
      { stream },
    );
    expect(answer.toolCalls).toEqual([
      { id: 'c0', name: 'look', arguments: '{"at":"a long argument"}' },
      { id: 'c1', name: 'look', arguments: '{}' },
    ]);
  });

  it('leaves out what a model thinks aloud', async () => {
    expect((await ask(() => say('<think>hmm\nhmm</think>\nYes'))).answer.text).toBe('Yes');
  });

  it('takes the cost that the endpoint reports, and estimates tokens where it reports none', async () => {
    const priced = say('ok').body as object;
    const { answer } = await ask(() => ({
      body: { ...priced, usage: { prompt_tokens: 1, completion_tokens: 2, cost: 0.5 } },
    }));
    expect(answer.usage).toEqual({ input: 1, output: 2, cost: 0.5 });
    const uncounted = await ask(() => ({ body: { ...priced, usage: undefined } }));
    expect(uncounted.answer.usage).toEqual({ input: 4, output: 1 });
  });

  it.each([
    ['401', failure(401, 'Incorrect API key'), 'MODEL_AUTH', /API key/],
    ['403', failure(403, 'Forbidden'), 'MODEL_AUTH', /API key/],
    ['402', failure(402, 'Insufficient credits'), 'MODEL_PAYMENT', /paid/],
    [
      '429 without quota',
      failure(429, 'You exceeded your quota', 'insufficient_quota'),
      'MODEL_PAYMENT',
      /paid/,
    ],
    ['404', failure(404, 'model not found'), 'MODEL_NOT_FOUND', /no model small-model/],
    ['429', failure(429, 'slow down', undefined, { 'retry-after': '7' }), 'MODEL_RATE_LIMIT', /rate/],
    ['500', failure(500, 'oops'), 'MODEL_SERVER', /failed \(500\)/],
    [
      'a full context',
      failure(400, "This model's maximum context length is 8192 tokens"),
      'MODEL_CONTEXT',
      /too long/,
    ],
    ['another full context', failure(400, 'exceeds the available context size'), 'MODEL_CONTEXT', /too long/],
    ['an unknown 400', failure(400, 'bad thing'), 'MODEL_REJECTED', /bad thing/],
    ['a filtered request', failure(400, 'content_filter triggered'), 'MODEL_REFUSAL', /filtered/],
    [
      'an error with status 200',
      { body: { error: { code: 502, message: 'upstream' } } },
      'MODEL_SERVER',
      /upstream/,
    ],
    ['no choices', { body: {} }, 'MODEL_MALFORMED', /without a message/],
    ['half of JSON', { body: '{"choices": [' }, 'MODEL_MALFORMED', /no answer/],
    ['an empty answer', say(''), 'MODEL_MALFORMED', /empty/],
    ['a cut off answer', say('half a sen', { finish_reason: 'length' }), 'MODEL_TRUNCATED', /cut off/],
    ['a filtered answer', say('x', { finish_reason: 'content_filter' }), 'MODEL_REFUSAL', /filtered/],
    [
      'a refusal',
      say('', { message: { content: null, refusal: 'I will not' } }),
      'MODEL_REFUSAL',
      /I will not/,
    ],
  ] satisfies [string, Reply, string, RegExp][])('says what %s means', async (_, reply, code, message) => {
    const asked = ask(() => reply);
    await expect(asked).rejects.toMatchObject({ code, family: 'model' });
    await expect(asked).rejects.toThrow(message);
  });

  it('reports how long to wait', async () => {
    const asked = ask(() => failure(429, 'slow down', undefined, { 'retry-after': '7' }));
    await expect(asked).rejects.toMatchObject({ retryAfterMs: 7000 });
    expect(retryAfterMs('Sat, 21 Nov 2026 00:00:09 GMT', Date.parse('2026-11-21T00:00:00Z'))).toBe(9000);
    expect(retryAfterMs('soon', 0)).toBeUndefined();
  });

  it.each([true, false])('gives up on an answer that takes too long (streaming: %s)', async (stream) => {
    const asked = ask(() => ({ ...say('late'), delayMs: 2000 }), {}, { timeoutMs: 200, stream });
    await expect(asked).rejects.toMatchObject({ code: 'MODEL_TIMEOUT' });
  });

  it('notices a stream that ends in the middle', async () => {
    const asked = ask(() => ({ ...say('one two three'), cut: true }), {}, { stream: true });
    await expect(asked).rejects.toMatchObject({ code: 'MODEL_MALFORMED' });
  });

  it('says when nobody listens', async () => {
    const asked = ask(() => say('x'), {}, { baseUrl: 'http://127.0.0.1:9/v1' });
    await expect(asked).rejects.toMatchObject({
      code: 'MODEL_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:9'),
    });
  });

  it('learns the name of the token limit', async () => {
    const { answer, server } = await ask((sent) =>
      sent.max_tokens === undefined
        ? say('ok')
        : failure(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
    );
    expect(answer.text).toBe('ok');
    expect(server.requests.at(-1)).toMatchObject({ max_completion_tokens: 50 });
  });

  it.each([
    ['Ollama', failure(400, 'registry.ollama.ai/library/small does not support tools')],
    [
      'vLLM',
      failure(400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    ],
    ['llama.cpp', failure(500, 'tools param requires --jinja flag')],
    ['OpenRouter', failure(404, 'No endpoints found that support tool use.')],
  ])('goes over to JSON in text where %s has no tool calls', async (_, refusal) => {
    const { answer, server } = await ask(
      ({ tools }) =>
        tools === undefined
          ? say('Sure:\n```json\n{"tool": "look", "arguments": {"at": "x}"}}\n```')
          : refusal,
      { tools: [tool], mustCall: 'look' },
    );
    expect(answer.toolCalls).toEqual([{ id: 'text', name: 'look', arguments: '{"at":"x}"}' }]);
    expect(server.requests.at(-1)?.messages[0]?.content).toContain('look');
  });

  it('does without demanding a tool where that is refused', async () => {
    const { answer } = await ask(
      ({ tool_choice: choice }) =>
        choice === undefined ? call(['look', {}]) : failure(400, 'tool_choice is not supported'),
      { tools: [tool], mustCall: 'look' },
    );
    expect(answer.toolCalls).toHaveLength(1);
  });

  it('finds a call that a model wrote into its text', async () => {
    const { answer } = await ask(() => say('{"name": "look", "parameters": {}}'), { tools: [tool] });
    expect(answer.toolCalls).toEqual([{ id: 'text', name: 'look', arguments: '{}' }]);
  });
});

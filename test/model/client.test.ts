import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../src/config/model.js';
import { configSchema } from '../../src/config/schema.js';
import type { Logger } from '../../src/log.js';
import { createModelClient, type ModelClient } from '../../src/model/client.js';
import { modelSettings } from '../../src/model/settings.js';
import type { ModelRequest } from '../../src/model/types.js';
import { type ChatRequest, call, failure, type ModelServer, type Reply, say, startServer } from './server.js';

const key = 'very-secret-0123456789';
const request: ModelRequest = {
  topic: 'reasoning src/a.c',
  model: 'm',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [],
  maxTokens: 100,
};

let root: string;
const open: ModelServer[] = [];
const said: string[] = [];
const logger: Logger = {
  info: (text) => said.push(text),
  warn: (text) => said.push(text),
  debug: (text) => said.push(text),
};

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'autopass-model-'));
});

afterAll(async () => {
  for (const server of open) await server.close();
  await rm(root, { recursive: true, force: true });
});

async function connect(
  script: (request: ChatRequest, index: number) => Reply,
  config: Record<string, unknown> = {},
  more: { dryRun?: boolean } = {},
): Promise<{ client: ModelClient; server: ModelServer; waits: number[] }> {
  const server = await startServer(script);
  open.push(server);
  const waits: number[] = [];
  const client = createModelClient({
    config: configSchema.parse({ model: { name: 'm', baseUrl: server.url, ...config } }).model,
    packageRoot: root,
    logger,
    env: { OPENAI_API_KEY: key },
    retry: {
      wait: async (ms) => {
        waits.push(ms);
      },
    },
    ...more,
  });
  return { client, server, waits };
}

function transcriptOf(client: ModelClient): string {
  return readFileSync(client.transcript.file ?? '', 'utf8');
}

describe('a model client', () => {
  it('asks nobody unless a key or a base URL is set, and needs a name', () => {
    const { model } = configSchema.parse({});
    expect(() => modelSettings(model, { OPENAI_API_KEY: key })).toThrow('No model is named');
    expect(() => modelSettings({ ...model, name: 'm' }, {})).toThrow('neither an API key nor a base URL');
    const settings = modelSettings(model, {
      OPENAI_BASE_URL: 'http://localhost:11434/v1',
      AUTOPASS_MODEL: 'local',
    });
    expect(settings).toMatchObject({ name: 'local', apiKey: 'none', roles: { analysis: 'local' } });
  });

  it('probes every model of a role once', async () => {
    const { client, server } = await connect(() => say('ready'), {
      roles: { analysis: 'small', evaluation: 'off' },
    });
    await client.probe();
    expect(server.requests.map(({ model }) => model).sort()).toEqual(['m', 'small']);
  });

  it('fails the probe with the reason', async () => {
    const { client } = await connect(() => failure(402, 'no credit'));
    await expect(client.probe()).rejects.toMatchObject({ code: 'MODEL_PAYMENT', hint: expect.any(String) });
  });

  it('waits as long as the endpoint asks, and not for ever', async () => {
    const patient = await connect((_, index) =>
      index < 2 ? failure(429, 'slow down', undefined, index === 0 ? { 'retry-after': '3' } : {}) : say('ok'),
    );
    expect((await patient.client.ask(request)).text).toBe('ok');
    expect(patient.waits).toEqual([3000, 2000]);
    const hasty = await connect(() =>
      failure(429, 'come back tomorrow', undefined, { 'retry-after': '86400' }),
    );
    await expect(hasty.client.ask(request)).rejects.toMatchObject({ code: 'MODEL_RATE_LIMIT' });
    expect(hasty.waits).toEqual([]);
    const broken = await connect(() => failure(503, 'down'));
    await expect(broken.client.ask(request)).rejects.toMatchObject({ code: 'MODEL_SERVER' });
    expect(broken.server.requests).toHaveLength(4);
  });

  it('shortens the longest messages when the context overflows', async () => {
    const { client, server } = await connect(({ messages }) =>
      JSON.stringify(messages).length > 3000
        ? failure(400, 'maximum context length is 700 tokens')
        : say('fits'),
    );
    const content = `begin ${'x'.repeat(9000)} end`;
    const answer = await client.ask({
      ...request,
      messages: [
        { role: 'system', content: 'S' },
        { role: 'user', content },
      ],
    });
    expect(answer.text).toBe('fits');
    const sent = server.requests.at(-1)?.messages[1]?.content ?? '';
    expect(sent).toMatch(/^begin x+\n… \d+ characters left out …\nx+ end$/);
  });

  it('gives a cut off answer more room', async () => {
    const { client } = await connect(({ max_tokens: most }) =>
      (most ?? 0) < 400 ? say('half', { finish_reason: 'length' }) : say('whole'),
    );
    expect((await client.ask(request)).text).toBe('whole');
    expect(client.spending.spent.calls).toBe(3);
  });

  it.each([
    ['calls', { calls: 2, tokens: 1e6 }, /all 2 calls/],
    ['tokens', { calls: 99, tokens: 300 }, /300 tokens/],
    ['money', { calls: 99, tokens: 1e6, money: 0.001 }, /cost more/],
  ])('stops when its %s are spent', async (_, budget, message) => {
    const { client } = await connect(() => say('ok'), { budget, prices: { m: { input: 1, output: 5 } } });
    await client.ask(request);
    const more = async (): Promise<void> => {
      for (let count = 0; count < 4; count++) await client.ask(request);
    };
    await expect(more()).rejects.toThrow(message);
    expect(client.spending.spent.cost).toBeLessThanOrEqual(0.001);
  });

  it('refuses to limit money without prices', async () => {
    const { client } = await connect(() => say('ok'), { budget: { money: 1 } });
    await client.ask(request);
    await expect(client.ask(request)).rejects.toThrow('what m costs');
  });

  it('lets no secret into requests, transcript or messages', async () => {
    const { client, server } = await connect(() => say(`the key is ${key} and sk-abcdefghijklmnopqrstuv`));
    await client.ask({ ...request, messages: [{ role: 'user', content: `${root}/src/a.c says ${key}` }] });
    expect(server.requests[0]?.messages[0]?.content).toBe('~/src/a.c says [redacted]');
    const failing = await connect(() => failure(401, `wrong key ${key}`));
    await expect(failing.client.ask(request)).rejects.toMatchObject({ code: 'MODEL_AUTH' });
    for (const text of [transcriptOf(client), transcriptOf(failing.client), said.join()]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain('sk-abcdef');
    }
  });

  it('replays a transcript without a network, failures included', async () => {
    const { client } = await connect((_, index) =>
      index === 1
        ? failure(400, 'maximum context length')
        : index === 0
          ? call(['look', { at: 1 }])
          : say('later'),
    );
    const tools = [{ name: 'look', description: '', parameters: { type: 'object' } }];
    const first = await client.ask({ ...request, tools });
    const failed = client.ask({ ...request, messages: [{ role: 'user', content: 'short' }] });
    await expect(failed).rejects.toMatchObject({ code: 'MODEL_CONTEXT' });
    const last = await client.ask(request);

    const replay = path.relative(root, client.transcript.file ?? '');
    const config: ModelConfig = configSchema.parse({ model: { replay } }).model;
    const again = createModelClient({ config, packageRoot: root, logger, env: {} });
    await again.probe();
    expect(await again.ask({ ...request, tools })).toEqual(first);
    await expect(
      again.ask({ ...request, messages: [{ role: 'user', content: 'short' }] }),
    ).rejects.toMatchObject({
      code: 'MODEL_CONTEXT',
    });
    expect(await again.ask(request)).toEqual(last);
    await expect(again.ask(request)).rejects.toMatchObject({ code: 'MODEL_REPLAY' });
  });

  it('writes only what is new of a conversation, and hashes every line', async () => {
    const { client } = await connect(() => say('ok'));
    const before = client.transcript.digest;
    await client.ask(request);
    const messages = [
      ...request.messages,
      { role: 'assistant', content: 'ok' },
      { role: 'user', content: 'And?' },
    ] as const;
    await client.ask({ ...request, messages });
    const lines = transcriptOf(client).trim().split('\n');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ after: 1, messages: messages.slice(1) });
    expect(client.transcript.digest).not.toBe(before);
  });

  it('shows what it would send, and sends nothing', async () => {
    const { client, server } = await connect(() => say('never'), {}, { dryRun: true });
    await client.probe();
    await expect(client.ask(request)).rejects.toMatchObject({
      code: 'DRY_RUN',
      exitCode: 0,
      message: expect.stringContaining('Hello'),
    });
    expect(server.requests).toEqual([]);
  });
});

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The parts of a chat-completions request that tests look at. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string | null }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
  readonly tool_choice?: unknown;
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly [key: string]: unknown;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body: unknown;
  readonly delayMs?: number;
  /** A streamed answer ends before its last piece. */
  readonly cut?: boolean;
}

export interface ModelServer {
  /** Base URL for the client. */
  readonly url: string;
  readonly requests: ChatRequest[];
  readonly authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** An OpenAI-compatible endpoint on the loopback interface that answers by a script. */
export async function startServer(
  script: (request: ChatRequest, index: number) => Reply,
): Promise<ModelServer> {
  const requests: ChatRequest[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const request = JSON.parse(await bodyOf(incoming)) as ChatRequest;
      requests.push(request);
      authorizations.push(incoming.headers.authorization);
      await send(response, script(request, requests.length - 1), request);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}/v1`, requests, authorizations, close };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function send(response: ServerResponse, reply: Reply, request: ChatRequest): Promise<void> {
  const { status = 200, headers = {}, body, delayMs = 0 } = reply;
  await sleep(delayMs);
  if (request.stream === true && status === 200 && typeof body === 'object') {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    const chunks = chunksOf(body as Completion);
    for (const chunk of reply.cut ? chunks.slice(0, -2) : chunks)
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end(reply.cut ? '' : 'data: [DONE]\n\n');
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

interface Completion {
  readonly choices: readonly {
    readonly message: { readonly content: string | null; readonly tool_calls?: readonly WireCall[] };
    readonly finish_reason: string;
  }[];
  readonly usage?: unknown;
}

interface WireCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The completion in pieces: texts and arguments a few characters at a time. */
function chunksOf({ choices, usage }: Completion): unknown[] {
  const [choice] = choices;
  if (choice === undefined) return [];
  const { content, tool_calls: calls = [] } = choice.message;
  const piece = (delta: unknown, finish: string | null = null): unknown => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const starts = calls.flatMap(({ id, function: called }, index) => [
    piece({ tool_calls: [{ index, id, type: 'function', function: { name: called.name, arguments: '' } }] }),
    ...split(called.arguments).map((part) =>
      piece({ tool_calls: [{ index, function: { arguments: part } }] }),
    ),
  ]);
  return [
    ...split(content ?? '').map((part) => piece({ content: part })),
    ...starts,
    piece({}, choice.finish_reason),
    { choices: [], usage },
  ];
}

function split(text: string): string[] {
  return text.match(/[\s\S]{1,7}/g) ?? [];
}

/** A completion that says something. */
export function say(content: string, changes: Readonly<Record<string, unknown>> = {}): Reply {
  return completion({ role: 'assistant', content }, 'stop', changes);
}

/** A completion that calls tools. */
export function call(...calls: readonly (readonly [name: string, args: unknown])[]): Reply {
  const toolCalls = calls.map(([name, args], index) => ({
    id: `c${index}`,
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  }));
  return completion({ role: 'assistant', content: null, tool_calls: toolCalls }, 'tool_calls', {});
}

function completion(message: unknown, finish: string, changes: Readonly<Record<string, unknown>>): Reply {
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  return {
    body: {
      id: 'x',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: finish, ...changes }],
      usage,
    },
  };
}

/** An error as OpenAI words it. */
export function failure(
  status: number,
  message: string,
  code?: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers, body: { error: { message, type: 'error', code: code ?? null, param: null } } };
}

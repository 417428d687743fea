import type { Message, ModelAnswer, ModelRequest, ToolCall, ToolSpec } from './types.js';

/**
 * The same conversation for a model without tool calls: the tools are described in the system message, a call is one
 * JSON object in the text, and its result comes back as a user message.
 */
export function asText(request: ModelRequest): ModelRequest {
  if (request.tools.length === 0) return request;
  const [first, ...others] = request.messages;
  const guide = toolGuide(request.tools, request.mustCall);
  const system: Message =
    first?.role === 'system'
      ? { role: 'system', content: `${first.content}\n\n${guide}` }
      : { role: 'system', content: guide };
  const rest = first?.role === 'system' || first === undefined ? others : [first, ...others];
  return { ...request, messages: [system, ...rest.map(plain)], tools: [] };
}

function toolGuide(tools: readonly ToolSpec[], mustCall: string | undefined): string {
  const lines = tools.map(
    ({ name, description, parameters }) =>
      `- ${name}: ${description}\n  arguments: ${JSON.stringify(parameters)}`,
  );
  return [
    'You work with tools. Answer with exactly one JSON object and nothing else:',
    '{"tool": "<name>", "arguments": { ... }}',
    mustCall === undefined ? 'The tools:' : `Now the tool must be ${mustCall}. The tools:`,
    ...lines,
  ].join('\n');
}

function plain(message: Message): Message {
  if (message.role === 'tool')
    return { role: 'user', content: `Result of ${message.name}:\n${message.content}` };
  if (message.role !== 'assistant' || message.toolCalls === undefined) return message;
  const calls = message.toolCalls.map(
    ({ name, arguments: text }) => `{"tool": ${JSON.stringify(name)}, "arguments": ${text}}`,
  );
  return { role: 'assistant', content: [message.content, ...calls].filter((part) => part !== '').join('\n') };
}

/** Finds the call in a model's text. A bare object counts as the arguments of the tool that was demanded. */
export function withCallsFromText(answer: ModelAnswer, request: ModelRequest): ModelAnswer {
  if (request.tools.length === 0) return answer;
  const value = jsonIn(answer.text);
  const call = value === undefined ? undefined : callOf(value, request);
  return call === undefined ? answer : { ...answer, text: '', toolCalls: [call] };
}

function callOf(value: Readonly<Record<string, unknown>>, request: ModelRequest): ToolCall | undefined {
  const name = value.tool ?? value.name;
  const args = value.arguments ?? value.parameters ?? {};
  if (typeof name === 'string' && request.tools.some((tool) => tool.name === name)) {
    return { id: 'text', name, arguments: typeof args === 'string' ? args : JSON.stringify(args) };
  }
  const only = request.mustCall ?? (request.tools.length === 1 ? request.tools[0]?.name : undefined);
  return only === undefined ? undefined : { id: 'text', name: only, arguments: JSON.stringify(value) };
}

/** The first whole JSON object in a text that may have prose or a code fence around it. */
export function jsonIn(text: string): Record<string, unknown> | undefined {
  for (let start = text.indexOf('{'); start !== -1; start = text.indexOf('{', start + 1)) {
    const end = objectEnd(text, start);
    if (end === undefined) continue;
    try {
      return JSON.parse(text.slice(start, end)) as Record<string, unknown>;
    } catch {
      // A brace in prose: look further.
    }
  }
  return undefined;
}

function objectEnd(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}

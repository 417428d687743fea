import os from 'node:os';
import type { Ask, Message } from './types.js';

const secretNames = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL/i;
const shortestSecret = 8;
const secretShapes: readonly RegExp[] = [
  /\bsk-[\w-]{16,}/g,
  /\bgh[pousr]_\w{20,}/g,
  /\bgithub_pat_\w{20,}/g,
  /\bnpm_\w{30,}/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /\bBearer\s+[\w.~+/-]{16,}=*/gi,
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
];

export type Redact = (text: string) => string;

/** Takes secrets of the environment, what looks like one, and the user's folders out of a text. */
export function createRedactor(env: NodeJS.ProcessEnv, folders: readonly string[] = []): Redact {
  const secrets = Object.entries(env)
    .flatMap(([name, value]) =>
      secretNames.test(name) && value !== undefined && value.length >= shortestSecret ? [value] : [],
    )
    .sort((a, b) => b.length - a.length);
  const paths = [...folders, os.homedir()].filter((folder) => folder.length > 1);
  return (text) => {
    let result = text;
    for (const secret of secrets) result = result.replaceAll(secret, '[redacted]');
    for (const shape of secretShapes) result = result.replace(shape, '[redacted]');
    for (const folder of paths) result = result.replaceAll(folder, '~');
    return result;
  };
}

/** Redacts what is sent: what leaves the machine is what the transcript shows. */
export function withRedaction(ask: Ask, redact: Redact): Ask {
  return (request) =>
    ask({ ...request, messages: request.messages.map((message) => cleaned(message, redact)) });
}

function cleaned(message: Message, redact: Redact): Message {
  const content = redact(message.content);
  if (message.role !== 'assistant' || message.toolCalls === undefined) return { ...message, content };
  const toolCalls = message.toolCalls.map((call) => ({ ...call, arguments: redact(call.arguments) }));
  return { ...message, content, toolCalls };
}

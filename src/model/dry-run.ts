import { AutoPassError, exitCodes } from '../errors.js';
import { estimatedTokens } from './completion.js';
import type { Ask, Message, ModelRequest } from './types.js';

/** Ends a session at the first request, with the text of what would be sent. */
export class DryRunEnd extends AutoPassError {
  constructor(readonly request: ModelRequest) {
    super('DRY_RUN', renderRequest(request), { exitCode: exitCodes.ok });
  }
}

/** Sends nothing. */
export const dryRun: Ask = async (request) => {
  throw new DryRunEnd(request);
};

function renderRequest(request: ModelRequest): string {
  const { model, topic, tools, messages } = request;
  return [
    `To ${model}, about ${topic}: some ${estimatedTokens(request)} tokens, tools ${tools.map(({ name }) => name).join(', ')}`,
    ...messages.map(renderMessage),
  ].join('\n\n');
}

function renderMessage(message: Message): string {
  return `── ${message.role}\n${message.content}`;
}

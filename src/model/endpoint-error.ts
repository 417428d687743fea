import type { APIError } from 'openai';
import { ModelError, type ModelErrorCode } from './errors.js';

const mostShown = 300;

/** What an endpoint said of a failure, wherever in its answer it said it. */
export interface EndpointFailure {
  readonly status: number | undefined;
  readonly text: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Reads the parts of an error of the `openai` package. */
export function failureOf(error: APIError): EndpointFailure {
  const parts = [error.message, error.code, error.type].filter((part) => typeof part === 'string');
  return {
    status: error.status,
    text: parts.join(' '),
    retryAfterMs: retryAfterMs(error.headers?.get('retry-after') ?? undefined, Date.now()),
    cause: error,
  };
}

/** The error that a failure is for the user. `where` is the endpoint's host. */
export function endpointError(failure: EndpointFailure, model: string, where: string): ModelError {
  const { status, text, retryAfterMs: wait, cause } = failure;
  const said = text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
  const make = (code: ModelErrorCode, message: string): ModelError =>
    new ModelError(code, `${message}: ${said}`, { cause, retryAfterMs: wait });
  if (
    /context.?(length|size|window)|maximum context|too many (input )?tokens|prompt is too long/i.test(text)
  ) {
    return make('MODEL_CONTEXT', `the request is too long for ${model}`);
  }
  if (status === 402 || /insufficient_quota|insufficient (credit|balance|funds)/i.test(text)) {
    return make('MODEL_PAYMENT', `${where} wants to be paid before ${model} answers`);
  }
  if (status === 401 || status === 403) return make('MODEL_AUTH', `${where} does not accept the API key`);
  if (status === 404) return make('MODEL_NOT_FOUND', `${where} has no model ${model}`);
  if (status === 429) return make('MODEL_RATE_LIMIT', `${where} limits the rate of requests`);
  if (status === 408 || status === 504) return make('MODEL_TIMEOUT', `${where} took too long`);
  if (/content.?(filter|policy|management)/i.test(text))
    return make('MODEL_REFUSAL', `${where} filtered the request`);
  if (status === undefined || status >= 500)
    return make('MODEL_SERVER', `${where} failed (${status ?? 'no status'})`);
  return make('MODEL_REJECTED', `${where} does not take the request (${status})`);
}

/** `Retry-After` in seconds or as a date. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

import type { ModelConfig } from '../config/model.js';
import { ModelError } from './errors.js';
import type { Role } from './types.js';

/** Where and how models are asked, and how much may be spent. */
export interface ModelSettings {
  /** Name of the main model. */
  readonly name: string;
  /** Model of each role; `off` where the role works without one. */
  readonly roles: Readonly<Record<Role, string | 'off'>>;
  /** Undefined: the endpoint that the `openai` package knows. */
  readonly baseUrl: string | undefined;
  readonly apiKey: string;
  /** Set for Azure's older, versioned interface. */
  readonly apiVersion: string | undefined;
  readonly prices: ModelConfig['prices'];
  readonly limits: ModelConfig['budget'];
  readonly timeoutMs: number;
  readonly maxOutputTokens: number;
  readonly tools: ModelConfig['tools'];
  readonly stream: boolean;
}

/** Local servers want no key, but the protocol has a place for one. */
const noKey = 'none';

/**
 * Environment before config: `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_API_VERSION`, `AUTOPASS_MODEL`. A key is read from
 * the environment only.
 * @throws ModelError `MODEL_NOT_CONFIGURED` without a model's name, or with neither key nor base URL.
 */
export function modelSettings(config: ModelConfig, env: NodeJS.ProcessEnv): ModelSettings {
  const name = env.AUTOPASS_MODEL || config.name;
  const baseUrl = env.OPENAI_BASE_URL || config.baseUrl;
  const key = env.OPENAI_API_KEY || env.AZURE_OPENAI_API_KEY;
  if (name === undefined) throw new ModelError('MODEL_NOT_CONFIGURED', 'No model is named for the agents.');
  if (key === undefined && baseUrl === undefined) {
    throw new ModelError('MODEL_NOT_CONFIGURED', 'The agents have neither an API key nor a base URL.');
  }
  const { score = 'off', analysis = name, reasoning = name, evaluation = name } = config.roles;
  return {
    name,
    roles: { score, analysis, reasoning, evaluation },
    baseUrl,
    apiKey: key ?? noKey,
    apiVersion: env.OPENAI_API_VERSION || undefined,
    prices: config.prices,
    limits: config.budget,
    timeoutMs: config.timeoutSeconds * 1000,
    maxOutputTokens: config.maxOutputTokens,
    tools: config.tools,
    stream: config.stream,
  };
}

/** The endpoint for messages: without credentials, path or query. */
export function endpointName(baseUrl: string | undefined): string {
  if (baseUrl === undefined) return 'api.openai.com';
  return URL.canParse(baseUrl) ? new URL(baseUrl).host : 'the configured base URL';
}

import { AutoPassError } from '../errors.js';

export type ModelErrorCode =
  | 'MODEL_NOT_CONFIGURED'
  | 'MODEL_AUTH'
  | 'MODEL_PAYMENT'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_RATE_LIMIT'
  | 'MODEL_TIMEOUT'
  | 'MODEL_UNREACHABLE'
  | 'MODEL_SERVER'
  | 'MODEL_REJECTED'
  | 'MODEL_MALFORMED'
  | 'MODEL_TRUNCATED'
  | 'MODEL_REFUSAL'
  | 'MODEL_CONTEXT'
  | 'MODEL_BUDGET'
  | 'MODEL_REPLAY';

const hints: Readonly<Partial<Record<ModelErrorCode, string>>> = {
  MODEL_NOT_CONFIGURED:
    'Set OPENAI_API_KEY (or OPENAI_BASE_URL for a local server) and AUTOPASS_MODEL, or use --policy expert.',
  MODEL_AUTH: 'Check OPENAI_API_KEY and that OPENAI_BASE_URL belongs to it.',
  MODEL_PAYMENT: 'Add credit to the account, or use another endpoint or --policy expert.',
  MODEL_NOT_FOUND:
    'Check AUTOPASS_MODEL and OPENAI_BASE_URL (most servers want a base URL that ends in /v1).',
  MODEL_RATE_LIMIT: 'Wait, raise the limit of the account, or use another model.',
  MODEL_TIMEOUT: 'Raise "model": { "timeoutSeconds": … } in the config, or use a faster model.',
  MODEL_UNREACHABLE: 'Check OPENAI_BASE_URL and that the server runs.',
  MODEL_TRUNCATED: 'Raise "model": { "maxOutputTokens": … } in the config.',
  MODEL_BUDGET: 'Raise "model": { "budget": … } in the config.',
};

/** Codes of failures that may be gone a moment later. */
const passing: ReadonlySet<string> = new Set<ModelErrorCode>([
  'MODEL_RATE_LIMIT',
  'MODEL_TIMEOUT',
  'MODEL_UNREACHABLE',
  'MODEL_SERVER',
  'MODEL_MALFORMED',
]);

/** A failed exchange with a model. */
export class ModelError extends AutoPassError {
  /** How long the endpoint asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ModelErrorCode,
    message: string,
    details: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    const hint = hints[code];
    super(code, message, {
      family: 'model',
      ...(hint !== undefined && { hint }),
      ...(details.cause !== undefined && { cause: details.cause }),
    });
    this.name = 'ModelError';
    this.retryAfterMs = details.retryAfterMs;
  }

  get mayPass(): boolean {
    return passing.has(this.code);
  }
}

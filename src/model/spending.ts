import { estimatedTokens } from './completion.js';
import { ModelError } from './errors.js';
import type { ModelSettings } from './settings.js';
import type { Ask, Usage } from './types.js';

/** What a session's exchanges took. `cost` is absent where no price is known. */
export interface Spent {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost?: number;
}

/** Keeps a session within its calls, tokens and money. */
export class Spending {
  private calls = 0;
  private input = 0;
  private output = 0;
  private cost = 0;
  private isPriced = true;

  constructor(private readonly options: Pick<ModelSettings, 'limits' | 'prices'>) {}

  get spent(): Spent {
    const { calls, input, output, cost, isPriced } = this;
    return { calls, inputTokens: input, outputTokens: output, ...(isPriced && calls > 0 && { cost }) };
  }

  /** @throws ModelError `MODEL_BUDGET` when another exchange of this size does not fit. */
  check(model: string, inputTokens: number, outputTokens: number): void {
    const { calls, tokens, money } = this.options.limits;
    if (this.calls >= calls) throw exceeded(`all ${calls} calls are used`);
    if (this.input + this.output + inputTokens + outputTokens > tokens) {
      throw exceeded(`another exchange would exceed ${tokens} tokens (${this.input + this.output} are used)`);
    }
    if (money === undefined) return;
    if (this.options.prices[model] === undefined && this.calls > 0 && !this.isPriced) {
      throw exceeded(
        `money is limited, but nobody says what ${model} costs: name it under "model": { "prices": … }`,
      );
    }
    const next = this.priceOf(model, { input: inputTokens, output: outputTokens }) ?? 0;
    if (this.cost + next > money) throw exceeded(`another exchange would cost more than ${money}`);
  }

  charge(model: string, usage: Usage): void {
    this.calls++;
    this.input += usage.input;
    this.output += usage.output;
    const cost = usage.cost ?? this.priceOf(model, usage);
    if (cost === undefined) this.isPriced = false;
    else this.cost += cost;
  }

  private priceOf(model: string, usage: Usage): number | undefined {
    const price = this.options.prices[model];
    return price === undefined ? undefined : (usage.input * price.input + usage.output * price.output) / 1e6;
  }
}

/** Asks only while the spending allows it. A failed exchange counts as a call with the tokens of its request when the model worked on it. */
export function withSpending(ask: Ask, spending: Spending): Ask {
  return async (request) => {
    const input = estimatedTokens(request);
    spending.check(request.model, input, request.maxTokens);
    try {
      const answer = await ask(request);
      spending.charge(request.model, answer.usage);
      return answer;
    } catch (error) {
      const isTruncated = error instanceof ModelError && error.code === 'MODEL_TRUNCATED';
      const didAnswer = isTruncated || (error instanceof ModelError && error.code === 'MODEL_REFUSAL');
      if (didAnswer) spending.charge(request.model, { input, output: isTruncated ? request.maxTokens : 0 });
      throw error;
    }
  };
}

function exceeded(message: string): ModelError {
  return new ModelError('MODEL_BUDGET', `the budget for models is spent: ${message}`);
}

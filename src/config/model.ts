import { z } from 'zod';

/** Money per million tokens, in whatever currency the budget is in. */
export interface ModelPrice {
  input: number;
  output: number;
}

/** How the policy `agents` reaches its models, after defaults are filled in. */
export interface ModelConfig {
  /** Model of all roles that name no other; `AUTOPASS_MODEL` goes before it. */
  name?: string | undefined;
  /** OpenAI-compatible endpoint; `OPENAI_BASE_URL` goes before it. */
  baseUrl?: string | undefined;
  /** Another model for a role, or `off` for working without one; `score` works without one unless it is named. */
  roles: Partial<Record<'score' | 'analysis' | 'reasoning' | 'evaluation', string | undefined>>;
  /** By model name; needed where money is limited and the endpoint reports no costs. */
  prices: Record<string, ModelPrice>;
  /** Most calls, tokens (input and output) and money of a session. */
  budget: { calls: number; tokens: number; money?: number | undefined };
  timeoutSeconds: number;
  maxOutputTokens: number;
  /** `auto` tries tool calls and goes over to JSON in text where the endpoint has none. */
  tools: 'auto' | 'native' | 'text';
  stream: boolean;
  search: 'linear' | 'tree';
  /** Answers come from this transcript, relative to the package; nothing is sent. */
  replay?: string | undefined;
}

const text = z.string().min(1).max(200);
const price = z.number().nonnegative().max(1e6);

export const modelSchema: z.ZodType<ModelConfig> = z.strictObject({
  name: text.optional(),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  roles: z
    .strictObject({
      score: text.optional(),
      analysis: text.optional(),
      reasoning: text.optional(),
      evaluation: text.optional(),
    })
    .prefault({}),
  prices: z.record(text, z.strictObject({ input: price, output: price })).default({}),
  budget: z
    .strictObject({
      calls: z.number().int().positive().default(300),
      tokens: z.number().int().positive().default(3_000_000),
      money: z.number().positive().optional(),
    })
    .prefault({}),
  timeoutSeconds: z.number().positive().max(3600).default(180),
  maxOutputTokens: z.number().int().min(256).max(200_000).default(4096),
  tools: z.enum(['auto', 'native', 'text']).default('auto'),
  stream: z.boolean().default(false),
  search: z.enum(['linear', 'tree']).default('tree'),
  replay: z.string().min(1).optional(),
});

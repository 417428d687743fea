/** The model's parts in a session; each may use another model. */
export type Role = 'score' | 'analysis' | 'reasoning' | 'evaluation';

/** A function that the model may call; `parameters` is a JSON schema. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A call as the model made it; `arguments` is unparsed JSON. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export type Message =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly name: string; readonly content: string };

export interface ModelRequest {
  /** What the exchange is about, such as `reasoning src/a.c`; a replay finds answers by it. */
  readonly topic: string;
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
  /** The tool that must be called; otherwise the model chooses. */
  readonly mustCall?: string;
  /** Most tokens of the answer. */
  readonly maxTokens: number;
}

/** Tokens of one exchange. `cost` is what the endpoint itself reports, in its currency. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cost?: number;
}

export interface ModelAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly usage: Usage;
}

/** One exchange with a model. Throws `ModelError`; an abort throws the signal's reason. */
export type Ask = (request: ModelRequest) => Promise<ModelAnswer>;

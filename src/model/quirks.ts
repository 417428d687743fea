/** What an endpoint turned out to support. Learned from its error messages, once per session. */
export interface Quirks {
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens';
  readonly tools: 'native' | 'text';
  /** Whether one tool can be demanded by name. */
  readonly forcedTool: boolean;
  readonly streamUsage: boolean;
}

/** OpenAI and Azure know the newer name of the limit, everybody else the older one. */
export function firstQuirks(baseUrl: string | undefined, tools: 'auto' | 'native' | 'text'): Quirks {
  const isOpenAi = baseUrl === undefined || /\.openai\.com|\.azure\.com/.test(baseUrl);
  return {
    tokenLimit: isOpenAi ? 'max_completion_tokens' : 'max_tokens',
    tools: tools === 'text' ? 'text' : 'native',
    forcedTool: true,
    streamUsage: true,
  };
}

/** What to do differently after a refused request; undefined when the message is not about anything optional. */
export function adapted(
  quirks: Quirks,
  failure: { readonly status: number | undefined; readonly text: string },
  use: { readonly tools: boolean; readonly forced: boolean; readonly mayUseText: boolean },
): Quirks | undefined {
  const { status, text } = failure;
  if (status === undefined || ![400, 404, 405, 422, 500, 501].includes(status)) return undefined;
  if (quirks.streamUsage && /stream_options|include_usage/.test(text))
    return { ...quirks, streamUsage: false };
  if (
    /max_completion_tokens|max_tokens/.test(text) &&
    /unsupported|not supported|unrecognized|unknown|extra|instead/i.test(text)
  ) {
    const other = quirks.tokenLimit === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    return { ...quirks, tokenLimit: other };
  }
  if (!use.tools || quirks.tools === 'text') return undefined;
  if (use.forced && quirks.forcedTool && /tool_choice/.test(text)) return { ...quirks, forcedTool: false };
  const isAboutTools = /\btools?\b|tool_choice|tool.?call|function.?call|--jinja/i.test(text);
  return isAboutTools && use.mayUseText ? { ...quirks, tools: 'text' } : undefined;
}

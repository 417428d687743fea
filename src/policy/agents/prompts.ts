import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type PromptName = 'system' | 'score' | 'analysis' | 'reasoning' | 'evaluation';

/**
 * A prompt of `templates/prompts` with every `{{name}}` replaced. What is put in is not looked at again.
 * Throws on a place without a value, and on a value without a place.
 */
export function renderPrompt(name: PromptName, values: Readonly<Record<string, string | number>>): string {
  const used = new Set<string>();
  const text = promptText(name).replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`prompt ${name} has no value for ${key}`);
    used.add(key);
    return String(value);
  });
  const unused = Object.keys(values).find((key) => !used.has(key));
  if (unused !== undefined) throw new Error(`prompt ${name} has no place for ${unused}`);
  return text;
}

/** The version that stands in the first line of a prompt. */
export function promptVersion(name: PromptName): number {
  return Number(/^<!-- version (\d+) -->/.exec(readPrompt(name))?.[1]);
}

function promptText(name: PromptName): string {
  return readPrompt(name)
    .replace(/^<!--.*?-->\n/, '')
    .trimEnd();
}

function readPrompt(name: PromptName): string {
  return readFileSync(
    fileURLToPath(new URL(`../../../templates/prompts/${name}.md`, import.meta.url)),
    'utf8',
  );
}

/**
 * Marks text that comes from the tuned program. The mark holds a hash of the text, so that the text cannot end it: it
 * would have to contain its own hash.
 */
export function untrusted(text: string): string {
  const mark = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `<untrusted ${mark}>\n${printable(text)}\n</untrusted ${mark}>`;
}

/** Nothing of a text may be invisible, or change how what stands around it is read. */
function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, ' ');
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RecordedCommand } from './types.js';

/**
 * A link or archive command with its `@file` arguments written out, because build systems delete those files: gyp gives
 * the members of an archive that way, CMake long lists of objects. Compile commands stay as they are.
 */
export function expandResponseFiles(command: RecordedCommand): RecordedCommand {
  const hasFile = command.argv.some((word) => word.startsWith('@'));
  if (!hasFile || command.argv.includes('-c')) return command;
  const argv = command.argv.flatMap((word) => {
    if (!word.startsWith('@')) return [word];
    try {
      return splitWords(readFileSync(path.resolve(command.cwd, word.slice(1)), 'utf8'));
    } catch {
      return [word];
    }
  });
  return { ...command, argv };
}

/** White space separates; quotes and backslashes work as in the tools that read these files. */
function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')+/g) ?? [];
  return words.map((word) =>
    word.replace(/\\([\s\S])|["']/g, (_match, escaped: string | undefined) => escaped ?? ''),
  );
}

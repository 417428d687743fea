import type { RecordedCommand } from './types.js';

const marker = 'autopass-call';

/**
 * Reads what one launcher process appended: `autopass-call`, the number of arguments, the working directory and the
 * arguments, each followed by NUL. What is cut off or garbled is skipped.
 */
export function parseCalls(content: Buffer): RecordedCommand[] {
  const fields = content.toString('utf8').split('\0');
  // What follows the last NUL is empty, or cut off.
  fields.pop();
  const calls: RecordedCommand[] = [];
  let at = fields.indexOf(marker);
  while (at !== -1) {
    const count = Number(fields[at + 1]);
    const cwd = fields[at + 2];
    const end = at + 3 + count;
    const complete = Number.isInteger(count) && count > 0 && end <= fields.length;
    if (complete && cwd?.startsWith('/')) calls.push({ cwd, argv: fields.slice(at + 3, end) });
    at = fields.indexOf(marker, complete ? end : at + 1);
  }
  return calls;
}

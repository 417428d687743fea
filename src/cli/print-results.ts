import { formatSummary } from '../report/summary.js';
import type { TuneResult } from '../tune/result.js';
import type { CommandIo } from './command.js';

/** What one session found, or, with `isa: dispatch`, what each of them did. */
export function printResults(results: readonly TuneResult[], io: Pick<CommandIo, 'print'>): void {
  const [only] = results;
  io.print(results.map(formatSummary).join('\n\n'), results.length === 1 ? only : { sessions: results });
}

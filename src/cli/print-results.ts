import { formatSummary } from '../report/summary.js';
import type { TuneResult } from '../tune/result.js';
import type { CommandIo } from './command.js';

/** What the sessions found; as JSON the first of them, the baseline's, and all of them as `sessions` where there are several. */
export function printResults(results: readonly TuneResult[], io: Pick<CommandIo, 'print'>): void {
  const [first, ...others] = results;
  const sessions = others.length > 0 ? { sessions: results } : {};
  io.print(results.map(formatSummary).join('\n\n'), { ...first, ...sessions });
}

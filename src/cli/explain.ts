import path from 'node:path';
import type { CommandDef } from 'citty';
import { AutoPassError, exitCodes } from '../errors.js';
import { levers, times } from '../report/summary.js';
import { journalFile, readJournal } from '../tune/journal.js';
import { command } from './command.js';

interface Line {
  readonly configuration: string;
  readonly outcome: string;
  readonly speedup: number | undefined;
  readonly reason: string;
  readonly won: boolean;
}

export const explain: CommandDef = command(
  'explain',
  'Show what was tried on a translation unit, on which evidence, and what it brought',
  {
    unit: {
      type: 'positional',
      required: false,
      description: 'Source file; all when absent',
      valueHint: 'FILE',
    },
  },
  async (args, io) => {
    const file = journalFile(path.resolve(args.dir));
    const units = new Map<string, Line[]>();
    for await (const event of readJournal(file)) {
      if (event.type === 'session') units.clear();
      if (event.type === 'trial') {
        const { configuration, outcome, speedup } = event.trial;
        const line = {
          configuration: levers(configuration),
          outcome,
          speedup,
          reason: event.reason,
          won: false,
        };
        units.set(event.unit, [...(units.get(event.unit) ?? []), line]);
      } else if (event.type === 'incumbent') {
        const lines = units.get(event.unit) ?? [];
        const won = levers(event.configuration);
        units.set(
          event.unit,
          lines.map((line) => (line.configuration === won ? { ...line, won: true } : line)),
        );
      }
    }
    const wanted = [...units].filter(([unit]) => args.unit === undefined || unit.includes(args.unit));
    if (wanted.length === 0) {
      throw new AutoPassError(
        'NO_TRIALS',
        `The journal ${file} tells of no trials${args.unit === undefined ? '' : ` on ${args.unit}`}.`,
        {
          hint: 'The journal stays on the machine that tuned; autopass tune writes one.',
        },
      );
    }
    io.print(wanted.map(([unit, lines]) => format(unit, lines)).join('\n\n'), Object.fromEntries(wanted));
    return exitCodes.ok;
  },
);

function format(unit: string, lines: readonly Line[]): string {
  const told = [...lines].sort((a, b) => (b.speedup ?? 0) - (a.speedup ?? 0));
  const tried = lines.filter(({ outcome }) => outcome !== 'identical').length;
  return [
    `${unit}: ${lines.length} configurations, ${tried} with code of their own`,
    ...told.map(({ configuration, outcome, speedup, reason, won }) =>
      [
        `${won ? '*' : ' '} ${speedup === undefined ? '      ' : times(speedup)}  ${outcome.padEnd(12)}  ${configuration}`,
        `            ${reason}`,
      ].join('\n'),
    ),
    '* became the best so far. Speedups are over clang -O3 and provisional; confirmed ones are in autopass.lock.',
  ].join('\n');
}

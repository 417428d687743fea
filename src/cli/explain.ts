import path from 'node:path';
import type { CommandDef } from 'citty';
import { execa } from 'execa';
import { AutoPassError, exitCodes } from '../errors.js';
import { formatExplanation, type TriedConfiguration } from '../report/explanation.js';
import { requireTarget } from '../target/target.js';
import { crossFolder } from '../tune/cross-copy.js';
import { journalFile, readJournal } from '../tune/journal.js';
import type { TuneResult } from '../tune/result.js';
import { addonScope } from '../tune/scopes.js';
import { command } from './command.js';

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
    target: { type: 'string', valueHint: 'TARGET', description: 'Of the last session for another machine' },
  },
  async (args, io) => {
    const root = path.resolve(args.dir);
    const folder =
      args.target === undefined ? root : crossFolder(root, requireTarget(args.target), 'cross-tune');
    const file = journalFile(folder);
    const { scopes, result } = await lastSession(file);
    const isWanted = (name: string): boolean => args.unit === undefined || name.includes(args.unit);
    const tus = result?.tus.filter(({ file: source }) => isWanted(source)) ?? [];
    const tried = new Map([...scopes].filter(([scope]) => isWanted(scope) || scope === addonScope));
    if (tus.length === 0 && ![...scopes.keys()].some(isWanted)) {
      throw new AutoPassError(
        'NO_TRIALS',
        `The journal ${file} tells of no trials${args.unit === undefined ? '' : ` on ${args.unit}`}.`,
        {
          hint: 'The journal stays on the machine that tuned; autopass tune writes one.',
        },
      );
    }
    const leverGains = result?.leverGains ?? {};
    io.print(await demangled(formatExplanation({ tus, leverGains, tried })), {
      tus,
      leverGains,
      tried: Object.fromEntries(tried),
    });
    return exitCodes.ok;
  },
);

/** The text with names of C++ functions as people write them, where binutils or LLVM brought the tool for it. */
async function demangled(text: string): Promise<string> {
  const { stdout, failed } = await execa('c++filt', ['--no-params'], { input: text, reject: false });
  return failed ? text : stdout;
}

/** Trials of the journal's last session by what they were made on, and how it ended. */
async function lastSession(
  file: string,
): Promise<{ scopes: Map<string, TriedConfiguration[]>; result: TuneResult | undefined }> {
  const scopes = new Map<string, TriedConfiguration[]>();
  let result: TuneResult | undefined;
  for await (const event of readJournal(file)) {
    if (event.type === 'session') {
      scopes.clear();
      result = undefined;
    } else if (event.type === 'trial') {
      const { configuration, origin, outcome, speedup } = event.trial;
      const trial = {
        configuration,
        origin,
        outcome,
        reason: event.reason,
        ...(speedup !== undefined && { speedup }),
        ...(speedup !== undefined && !event.measured && { isCopy: true }),
      };
      scopes.set(event.unit, [...(scopes.get(event.unit) ?? []), trial]);
    } else if (event.type === 'end') result = event.summary;
  }
  return { scopes, result };
}

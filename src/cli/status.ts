import type { CommandDef } from 'citty';
import { loadConfig } from '../config/load.js';
import { exitCodes } from '../errors.js';
import { approximately, levers } from '../report/summary.js';
import { formatTable } from '../report/table.js';
import { type LockStatus, lockStatus } from '../tune/lock-status.js';
import { command } from './command.js';

export const status: CommandDef = command(
  'status',
  'Show which lock entries builds on this machine use, and why',
  {
    frozen: { type: 'boolean', description: 'Exit with 5 when the lock does not fit the sources' },
    target: {
      type: 'string',
      valueHint: 'TARGET',
      description: 'Another machine, such as linux-glibc-arm64/armv8.2-a',
    },
  },
  async (args, io) => {
    const { packageRoot, isa } = await loadConfig(args.dir);
    const env = args.target === undefined ? process.env : { ...process.env, AUTOPASS_TARGET: args.target };
    const result = await lockStatus(packageRoot, isa, env);
    io.print(format(result, args.target === undefined ? 'Builds here are' : 'That build is'), result);
    return args.frozen && result.drift.length > 0 ? exitCodes.lockOutOfDate : exitCodes.ok;
  },
);

function format(status: LockStatus, what: string): string {
  if (status.found === 'missing') return `${status.file} does not exist. Tune with: autopass tune`;
  const lines = [`${what} for ${status.targets.join(', ')}.`];
  if (status.variants.length > 0) {
    lines.push(
      `Variants beside it, of which the addon opens the best that runs: ${status.variants.join(', ')}.`,
    );
  }
  lines.push('');
  if (status.entries.length > 0) {
    lines.push(
      formatTable([
        ['translation unit', 'target', 'vs -O3', 'vs stock', 'here', 'levers'],
        ...status.entries.map(({ entry, state }) => [
          entry.file,
          entry.target,
          entry.verdict === 'stock' ? '–' : approximately(entry.measured.speedup, entry.measured),
          entry.verdict === 'stock' ? '–' : approximately(entry.measured.vsStock, entry.measured),
          state,
          entry.verdict === 'stock' ? '' : levers(entry.levers),
        ]),
      ]),
    );
  }
  if (status.entries.some(({ entry }) => entry.measured.estimate))
    lines.push(
      '~ is an estimate: nothing was timed. Measure with: autopass verify --target TARGET --device ssh://USER@HOST',
    );
  for (const { entry, reason } of status.entries)
    if (reason !== undefined) lines.push(`${entry.file} (${entry.target}): ${reason}`);
  if (status.drift.length > 0) {
    lines.push('', 'Out of date:', ...status.drift.map((line) => `  ${line}`), 'Mend it with: autopass tune');
  }
  return lines.join('\n');
}

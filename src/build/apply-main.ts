/**
 * The part of AutoPass that runs in users' builds, bundled into one file without dependencies:
 *
 *   node apply.mjs sync make|cmake <folder>
 *   node apply.mjs two-stage <plan> <package> <clang> <arguments...>
 */
import type { Logger } from '../log.js';
import { syncForHook } from './sync-command.js';
import { twoStageCommand } from './two-stage-command.js';

const say = (message: string): void => {
  process.stderr.write(`autopass: ${message}\n`);
};
const logger: Logger = { info: say, warn: say, debug() {} };

const [command, first = '', second = '', third = '', ...rest] = process.argv.slice(2);
if (command === 'sync' && (first === 'make' || first === 'cmake')) {
  process.stdout.write(`${await syncForHook(first, second || process.cwd(), logger)}\n`);
} else if (command === 'two-stage') {
  const options = { planFile: first, packageRoot: second, compiler: third, args: rest, cwd: process.cwd() };
  const done = await twoStageCommand(options, logger).catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    return false;
  });
  process.exitCode = done ? 0 : 1;
} else {
  say(
    'usage: apply.mjs sync make|cmake <folder>, or apply.mjs two-stage <plan> <package> <clang> <arguments>',
  );
  process.exitCode = 64;
}

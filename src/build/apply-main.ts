/**
 * The part of AutoPass that runs in users' builds, bundled into one file without dependencies:
 *
 *   node apply.mjs sync make|cmake <folder>
 *   node apply.mjs fits <plan> <package>
 *   node apply.mjs two-stage <plan> <package> <clang> <arguments...>
 *   node apply.mjs thin-lto <plan> <link command...>
 */
import type { Logger } from '../log.js';
import { syncForHook } from './sync-command.js';
import { thinLtoCommand } from './thin-lto-command.js';
import { isTunedSource } from './tuned-source.js';
import { twoStageCommand } from './two-stage-command.js';

const say = (message: string): void => {
  process.stderr.write(`autopass: ${message}\n`);
};
const logger: Logger = { info: say, warn: say, debug() {} };

const [command, first = '', second = '', third = '', ...rest] = process.argv.slice(2);
if (command === 'sync' && (first === 'make' || first === 'cmake')) {
  process.stdout.write(`${await syncForHook(first, second || process.cwd(), logger)}\n`);
} else if (command === 'fits') {
  process.exitCode = (await succeeded(isTunedSource(first, second))) ? 0 : 1;
} else if (command === 'two-stage') {
  const options = { planFile: first, packageRoot: second, compiler: third, args: rest, cwd: process.cwd() };
  process.exitCode = (await succeeded(twoStageCommand(options, logger))) ? 0 : 1;
} else if (command === 'thin-lto') {
  const call = { planFile: first, argv: process.argv.slice(4), cwd: process.cwd() };
  process.exitCode = (await succeeded(thinLtoCommand(call, logger))) ? 0 : 1;
} else {
  say('usage: apply.mjs sync make|cmake <folder>, fits <plan> <package>,');
  say('two-stage <plan> <package> <clang> <arguments>, or thin-lto <plan> <link command>');
  process.exitCode = 64;
}

async function succeeded(work: Promise<boolean>): Promise<boolean> {
  return work.catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    return false;
  });
}

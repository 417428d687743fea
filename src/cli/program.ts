import { readFileSync } from 'node:fs';
import { type CommandDef, defineCommand, renderUsage, runCommand } from 'citty';
import { AutoPassError, exitCodes } from '../errors.js';

const commands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  init: async () => (await import('./init.js')).init,
  build: async () => (await import('./build.js')).build,
  tune: async () => (await import('./tune.js')).tune,
  exec: async () => (await import('./exec.js')).exec,
  verify: async () => (await import('./verify.js')).verify,
  status: async () => (await import('./status.js')).status,
  explain: async () => (await import('./explain.js')).explain,
};

const program: CommandDef = defineCommand({
  meta: {
    name: 'autopass',
    version: packageVersion(),
    description:
      'Tunes the LLVM configuration of every translation unit of a native Node addon, by measurement.',
  },
  subCommands: commands,
});

/** Runs one command line; sets the exit code and prints errors, never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const { name, args } = splitArguments(argv);
  try {
    const load = name === undefined ? undefined : commands[name];
    if (argv[0] === '--version' || argv[0] === '-v') {
      process.stdout.write(`${packageVersion()}\n`);
    } else if (load === undefined) {
      const isHelp =
        name === undefined && (argv.length === 0 || argv.some((arg) => arg === '--help' || arg === '-h'));
      process.stderr.write(`${await renderUsage(program)}\n`);
      if (!isHelp) {
        process.stderr.write(
          name === undefined ? 'No command was given.\n' : `There is no command ${name}.\n`,
        );
        process.exitCode = exitCodes.usage;
      }
    } else if (asksForHelp(args)) {
      process.stdout.write(`${await renderUsage(await load())}\n`);
    } else {
      await runCommand(await load(), { rawArgs: args });
    }
  } catch (error) {
    process.exitCode = report(error);
  }
}

function asksForHelp(args: readonly string[]): boolean {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return own.includes('--help') || own.includes('-h');
}

/** `autopass -C DIR tune` and `autopass tune -C DIR` mean the same: flags before the command move behind it. */
function splitArguments(argv: readonly string[]): { name: string | undefined; args: string[] } {
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? argv : argv.slice(0, dashes);
  let index = 0;
  while (index < own.length && own[index]?.startsWith('-')) {
    index += own[index] === '-C' || own[index] === '--dir' ? 2 : 1;
  }
  return { name: own[index], args: [...argv.slice(0, index), ...argv.slice(index + 1)] };
}

function report(error: unknown): number {
  if (error instanceof AutoPassError) {
    process.stderr.write(
      `autopass: ${error.message}\n${error.hint === undefined ? '' : `  → ${error.hint}\n`}`,
    );
    return error.exitCode;
  }
  if (error instanceof Error && error.name === 'CLIError') {
    process.stderr.write(`autopass: ${error.message}\n`);
    return exitCodes.usage;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`autopass: internal error, please report it\n${text}\n`);
  return exitCodes.usage;
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from 'citty';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import { terminalLogger } from './terminal-logger.js';

/** Flags of every command. */
export const sharedArgs = {
  dir: {
    type: 'string',
    alias: 'C',
    valueHint: 'DIR',
    description: 'Work on the package in DIR',
    default: '.',
  },
  json: { type: 'boolean', description: 'Print one JSON object on stdout; everything else goes to stderr' },
} as const;

type Args<T extends ArgsDef> = ParsedArgs<T & typeof sharedArgs>;

/** What a command gets besides its flags. */
export interface CommandIo {
  readonly logger: Logger;
  /** Prints the result: `value` with `--json`, otherwise `text`. */
  print(text: string, value: unknown): void;
  /** Aborts on Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Arguments after `--`. */
  readonly rest: readonly string[];
}

/** A command's body: takes parsed flags, returns the exit code. */
export type CommandBody<T extends ArgsDef> = (args: Args<T>, io: CommandIo) => Promise<number>;

/** Adds the shared flags, refuses unknown ones, and hands over where to print. */
export function command<const T extends ArgsDef>(
  name: string,
  description: string,
  args: T,
  body: CommandBody<T>,
): CommandDef {
  const all = { ...sharedArgs, ...args };
  return defineCommand({
    meta: { name: `autopass ${name}`, description },
    args: all as ArgsDef,
    run: async ({ args: parsed, rawArgs }) => {
      refuseUnknown(name, rawArgs, all);
      const io = createIo(Boolean(parsed.json), restOf(rawArgs));
      process.exitCode = await body(parsed as Args<T>, io);
    },
  }) as CommandDef;
}

function createIo(json: boolean, rest: readonly string[]): CommandIo {
  const abort = new AbortController();
  const stop = (): void =>
    abort.abort(
      new AutoPassError('INTERRUPTED', 'Stopped.', { hint: 'autopass tune goes on where it stopped.' }),
    );
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    logger: terminalLogger(),
    signal: abort.signal,
    rest,
    print: (text, value) => process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`),
  };
}

function restOf(rawArgs: readonly string[]): string[] {
  const dashes = rawArgs.indexOf('--');
  return dashes === -1 ? [] : rawArgs.slice(dashes + 1);
}

/** The argument parser accepts anything; a mistyped `--frozen` must not tune. */
function refuseUnknown(name: string, rawArgs: readonly string[], args: ArgsDef): void {
  const known = new Set(
    Object.entries(args).flatMap(([long, arg]) => [`--${long}`, `--no-${long}`, ...aliases(arg)]),
  );
  const own = rawArgs.includes('--') ? rawArgs.slice(0, rawArgs.indexOf('--')) : rawArgs;
  const unknown = own.find(
    (arg) => arg.startsWith('-') && Number.isNaN(Number(arg)) && !known.has(arg.split('=')[0] ?? arg),
  );
  if (unknown !== undefined) {
    throw new AutoPassError('UNKNOWN_FLAG', `autopass ${name} has no flag ${unknown}.`, {
      hint: `autopass ${name} --help`,
    });
  }
}

function aliases(arg: ArgsDef[string]): string[] {
  const alias = 'alias' in arg ? (arg.alias ?? []) : [];
  return [alias].flat().map((short) => `-${short}`);
}

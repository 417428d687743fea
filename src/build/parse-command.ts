import path from 'node:path';
import {
  isSource,
  noObjectOptions,
  optimisation,
  separateValueOptions,
  untunableReason,
} from './arguments.js';
import { identifyTool } from './compilers.js';
import type { CompileCommand, LinkCommand, RecordedCommand } from './types.js';

/**
 * Understands a recorded command: a compile of one source, a link, an archive; undefined for everything else
 * (questions about the compiler, several sources at once, preprocessing).
 * @param triple what clang calls the machine that the build is known to be for: saying so keeps no compile from being tuned
 */
export function parseCommand(
  recorded: RecordedCommand,
  packageRoot: string,
  triple?: string,
): CompileCommand | LinkCommand | undefined {
  const argv = withoutLaunchers(recorded.argv);
  const command: RecordedCommand = { cwd: recorded.cwd, argv };
  const tool = identifyTool(argv);
  if (tool.kind === 'archiver') return parseArchive(command, tool.index);
  if (tool.kind !== 'compiler') return undefined;
  const seen = readArguments(argv.slice(tool.index + 1).filter((arg) => arg !== `--target=${triple}`));
  if (seen === undefined || seen.object === undefined) return undefined;
  const output = path.resolve(command.cwd, seen.object);
  if (!seen.compiles) {
    const inputs = seen.inputs.filter(isLinkInput).map((name) => path.resolve(command.cwd, name));
    return inputs.length === 0 && !seen.responseFile
      ? undefined
      : { ...command, kind: 'link', output, inputs };
  }
  const [source, ...more] = seen.inputs;
  if (source === undefined || more.length > 0 || !isSource(source)) return undefined;
  const absolute = path.resolve(command.cwd, source);
  const untunable =
    seen.untunable ??
    (tool.known ? undefined : `${tool.name} is not a compiler for this machine that AutoPass knows`) ??
    (seen.optimised ? undefined : 'it is not optimised');
  return {
    ...command,
    kind: 'compile',
    compilerIndex: tool.index,
    language: seen.language ?? (tool.name.includes('++') || !source.endsWith('.c') ? 'c++' : 'c'),
    source: absolute,
    output,
    file: packageFile(packageRoot, absolute),
    object: seen.object,
    ...(untunable === undefined ? {} : { untunable }),
  };
}

/** The path relative to the package, with forward slashes; absolute when it lies outside. */
export function packageFile(packageRoot: string, absolute: string): string {
  const relative = path.relative(packageRoot, absolute);
  const outside = relative === '' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  return outside ? absolute : relative.split(path.sep).join('/');
}

/** Both the hook and `autopass exec` may have put a launcher in front. */
function withoutLaunchers(argv: readonly string[]): readonly string[] {
  const [first = '', second = '', third = ''] = argv;
  if (path.basename(first) === 'launch' && second.startsWith('--state='))
    return withoutLaunchers(argv.slice(2));
  if (first === 'sh' && path.basename(second) === 'launch' && third.startsWith('--state=')) {
    return withoutLaunchers(argv.slice(3));
  }
  return argv;
}

interface Seen {
  compiles: boolean;
  optimised: boolean;
  object: string | undefined;
  language: 'c' | 'c++' | undefined;
  untunable: string | undefined;
  responseFile: boolean;
  inputs: string[];
}

/** Undefined: this call makes no object and links nothing, or its language is neither C nor C++. */
function readArguments(args: readonly string[]): Seen | undefined {
  const seen: Seen = {
    compiles: false,
    optimised: false,
    object: undefined,
    language: undefined,
    untunable: undefined,
    responseFile: false,
    inputs: [],
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (noObjectOptions.has(arg) || arg === '-') return undefined;
    if (arg === '-c') seen.compiles = true;
    else if (arg === '-o') seen.object = args[++at];
    else if (arg === '-x' || arg.startsWith('-x')) {
      const language = arg === '-x' ? args[++at] : arg.slice(2);
      if (language !== 'c' && language !== 'c++') return undefined;
      seen.language = language;
    } else if (arg.startsWith('-o')) seen.object = arg.slice(2);
    else if (separateValueOptions.has(arg)) at++;
    else {
      seen.untunable ??= untunableReason(arg);
      if (arg.startsWith('@')) seen.responseFile = true;
      else if (arg.startsWith('-O')) seen.optimised = optimisation(arg) === 'on';
      else if (arg.startsWith('-')) {
        if (arg === '-target' || arg === '-arch' || arg === '-b' || arg === '-V') at++;
      } else seen.inputs.push(arg);
    }
  }
  return seen;
}

function isLinkInput(name: string): boolean {
  return /\.(?:o|a|lo|obj)$/.test(name);
}

/** `ar rcs lib.a x.o y.o`, `ar qc lib.a x.o`, `ar crsT lib.a x.o`, `ar --thin -rcs lib.a x.o`. */
function parseArchive(command: RecordedCommand, toolIndex: number): LinkCommand | undefined {
  const words = command.argv.slice(toolIndex + 1).filter((word) => !word.startsWith('--'));
  const [operation = '', archive, ...members] = words;
  // Position modifiers take a member's name first; nothing in the gyp and CMake world uses them.
  if (archive === undefined || !/^-?[a-zA-Z]+$/.test(operation) || !/[rq]/.test(operation)) return undefined;
  if (/[abiN]/.test(operation)) return undefined;
  const inputs = members.filter(isLinkInput).map((name) => path.resolve(command.cwd, name));
  return { ...command, kind: 'archive', output: path.resolve(command.cwd, archive), inputs };
}

import path from 'node:path';
import { AutoPassError } from '../errors.js';
import { seededShuffle } from './seeded-shuffle.js';
import type { BuildRecord, LinkCommand } from './types.js';

const stripping: ReadonlySet<string> = new Set(['-s', '-Wl,-s', '-Wl,--strip-all']);

/** One command to run; it makes `output`, whose folder must exist and hold no older copy of it. */
export interface LinkStep {
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly output: string;
}

export interface RelinkOptions {
  /** Absolute path of a recorded object to the absolute path of the one to use instead. */
  readonly replacements: ReadonlyMap<string, string>;
  /** Absolute path of the recorded link output, a `.node` file. */
  readonly output: string;
  /** An empty folder for everything that is made. */
  readonly into: string;
  /** Links the objects, and the members of the package's own archives, in another order. */
  readonly shuffleSeed?: number;
  /** Arguments at the end of the addon's own link command. */
  readonly extra?: readonly string[];
  /** Leaves out what strips the addon, so that samples can be told apart by function. */
  readonly keepSymbols?: boolean;
}

/**
 * The commands, in order, that link the addon again with other objects, everything redirected into one folder.
 * @throws AutoPassError `NOT_RECORDED` when the record holds no link that made `output`.
 */
export function relink(record: BuildRecord, options: RelinkOptions): { steps: LinkStep[]; output: string } {
  const link = record.links.find((command) => command.output === options.output && command.kind === 'link');
  if (link === undefined) {
    throw new AutoPassError('NOT_RECORDED', `No recorded link command made ${options.output}.`, {
      hint: 'Build the package from scratch with: autopass build',
    });
  }
  const steps: LinkStep[] = [];
  let archives = 0;
  const replacements = new Map(options.replacements);
  const redirect = (command: LinkCommand, name: string): string => {
    for (const input of command.inputs) {
      const archive = record.links.find((other) => other.kind === 'archive' && other.output === input);
      if (archive === undefined || replacements.has(input) || archive === command) continue;
      const affected = [...linkedObjects(record, archive)].some((member) => replacements.has(member));
      if (affected || (options.shuffleSeed !== undefined && archive.inputs.length > 1)) {
        replacements.set(input, redirect(archive, `${archives++}-${path.basename(input)}`));
      }
    }
    const output = path.join(options.into, name);
    const argv = redirected(command, output, replacements, options.shuffleSeed).filter(
      (word) => !options.keepSymbols || !stripping.has(word),
    );
    if (command === link) argv.push(...(options.extra ?? []));
    steps.push({ cwd: command.cwd, argv, output });
    return output;
  };
  const output = redirect(link, path.basename(link.output));
  return { steps, output };
}

/** Absolute paths of all objects and archives that end up in what this command makes, archives of archives included. */
export function linkedObjects(record: BuildRecord, link: LinkCommand): ReadonlySet<string> {
  const objects = new Set<string>();
  const visit = (command: LinkCommand): void => {
    for (const input of command.inputs) {
      if (objects.has(input)) continue;
      objects.add(input);
      const archive = record.links.find((other) => other.kind === 'archive' && other.output === input);
      if (archive !== undefined) visit(archive);
    }
  };
  visit(link);
  return objects;
}

function redirected(
  command: LinkCommand,
  output: string,
  replacements: ReadonlyMap<string, string>,
  shuffleSeed: number | undefined,
): string[] {
  const absolute = (word: string): string => path.resolve(command.cwd, word);
  const inputs = new Set(command.inputs);
  const isObject = (word: string): boolean => inputs.has(absolute(word)) && word.endsWith('.o');
  const words = withoutSideFiles(command.argv).map((word, at, all) => {
    const isOutput =
      absolute(word) === command.output && (command.kind === 'archive' || all[at - 1] === '-o');
    if (isOutput) return output;
    return inputs.has(absolute(word)) ? (replacements.get(absolute(word)) ?? word) : word;
  });
  if (shuffleSeed === undefined) return words;
  const places = withoutSideFiles(command.argv).flatMap((word, at) => (isObject(word) ? [at] : []));
  const shuffled = seededShuffle(
    places.map((at) => words[at] ?? ''),
    shuffleSeed,
  );
  for (const [index, at] of places.entries()) words[at] = shuffled[index] ?? '';
  return words;
}

/** Leaves out what would overwrite files of the real build: linker maps and CMake's link dependency files. */
export function withoutSideFiles(argv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (/^-Wl,(?:--dependency-file|-Map|--Map)[=,]/.test(word)) continue;
    if (word === '-Xlinker' && /^--dependency-file=/.test(argv[at + 1] ?? '')) at++;
    else if (word === '-Xlinker' && argv[at + 1] === '--dependency-file') at += 3;
    else kept.push(word);
  }
  return kept;
}

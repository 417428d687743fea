import { readFile } from 'node:fs/promises';
import type { BuildRecord, CompileCommand, LinkCommand } from '../build/types.js';
import { type ElfFunction, readElf } from './elf.js';

/** An object of a link and the functions it defines. */
export interface LinkedObject {
  readonly command: CompileCommand;
  readonly functions: readonly ElfFunction[];
}

/** The tunable and other objects of a link in link order, archives opened; and inputs that could not be read. */
export interface LinkedObjects {
  readonly objects: readonly LinkedObject[];
  readonly unreadable: readonly string[];
}

/**
 * Reads the symbol tables of all objects that the record says went into a link, or of those that took their place.
 */
export async function readLinkedObjects(
  record: BuildRecord,
  link: LinkCommand,
  replacements: ReadonlyMap<string, string> = new Map(),
): Promise<LinkedObjects> {
  const commands = new Map(record.compiles.map((command) => [command.output, command]));
  const archives = new Map(
    record.links.filter((entry) => entry.kind === 'archive').map((entry) => [entry.output, entry]),
  );
  const paths = new Set<string>();
  const visited = new Set<string>();
  const collect = (inputs: readonly string[]): void => {
    for (const input of inputs) {
      if (visited.has(input)) continue;
      visited.add(input);
      if (commands.has(input)) paths.add(input);
      else collect(archives.get(input)?.inputs ?? []);
    }
  };
  collect(link.inputs);

  const objects: LinkedObject[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    const command = commands.get(path);
    if (command === undefined) continue;
    const image = await readFile(replacements.get(path) ?? path).then(readElf, () => undefined);
    if (image === undefined) unreadable.push(path);
    objects.push({ command, functions: (image?.functions ?? []).filter((entry) => entry.size > 0) });
  }
  return { objects, unreadable };
}

/**
 * A lookup from a function of the linked file to the compile command whose object it came from. The linker takes
 * the first definition of an inline (weak) function; hidden functions are local in the linked file but global in
 * their object; static functions of equal name are told apart by the source name and the size.
 */
export function ownerLookup(
  objects: readonly LinkedObject[],
): (linked: ElfFunction) => CompileCommand | undefined {
  const definitions = new Map<string, { command: CompileCommand; entry: ElfFunction }[]>();
  for (const { command, functions } of objects) {
    for (const entry of functions) {
      const list = definitions.get(entry.name);
      if (list === undefined) definitions.set(entry.name, [{ command, entry }]);
      else list.push({ command, entry });
    }
  }
  const sources = new Map<string, CompileCommand | 'several'>();
  for (const { command } of objects) {
    const name = command.source.split('/').pop() ?? '';
    sources.set(name, sources.has(name) ? 'several' : command);
  }
  return (linked) => {
    const candidates = definitions.get(linked.name) ?? [];
    if (candidates.length === 0 && linked.sourceName !== undefined) {
      // The object at hand may come from another compiler, which inlined this function.
      const command = sources.get(linked.sourceName);
      return command === 'several' ? undefined : command;
    }
    if (candidates.length < 2) return candidates[0]?.command;
    const rank = ({ command, entry }: (typeof candidates)[number]): number => {
      const sameSource =
        linked.sourceName !== undefined && command.source.split('/').pop() === linked.sourceName;
      if (linked.binding === 'local' && entry.binding === 'local' && sameSource)
        return entry.size === linked.size ? 4 : 3;
      if (entry.binding === 'global') return 2;
      return entry.size === linked.size ? 1 : 0;
    };
    return candidates.reduce((best, candidate) => (rank(candidate) > rank(best) ? candidate : best)).command;
  };
}

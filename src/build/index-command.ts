import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LtoInput, LtoPart } from './lto-inputs.js';
import { withoutSideFiles } from './relink.js';
import type { LinkCommand } from './types.js';

/** File with the names of the modules that are linked, one per line. */
export const moduleList = 'modules';

/**
 * The link command with ld.lld in the linker's place, modules in the place of fat objects, and the order to stop after the
 * decisions: `<id>.bc.thinlto.bc` and `<id>.bc.imports` for every module, and the list of those that are linked.
 * It runs inside `folder`, so that modules have the same names wherever that is.
 */
export function indexCommand(
  command: LinkCommand,
  inputs: ReadonlyMap<string, LtoInput>,
  folder: string,
): string[] {
  const words: string[] = [];
  let isWhole = false;
  for (const word of withoutSideFiles(command.argv)) {
    if (word === '-Wl,--whole-archive') isWhole = true;
    if (word === '-Wl,--no-whole-archive') isWhole = false;
    const input = word.startsWith('-') ? undefined : inputs.get(path.resolve(command.cwd, word));
    const absolute = () => absoluteWord(word, command.cwd, words.length > 0);
    if (input !== undefined) words.push(...modulesOf(input, isWhole));
    else if (words.at(-1) === '-o') words.push('linked');
    // lld needs no groups, and allows no archive spelled out inside one.
    else if (!/^-Wl,(?:--start-group|--end-group|-\(|-\))$/.test(word)) words.push(absolute());
  }
  return [
    ...words,
    '-fuse-ld=lld',
    `-B${path.join(folder, 'bin')}`,
    `-Wl,--thinlto-index-only=${moduleList}`,
    '-Wl,--thinlto-emit-imports-files',
  ];
}

function modulesOf({ isArchive, parts }: LtoInput, isWhole: boolean): string[] {
  const names = parts.map(({ id, module }: LtoPart) => (module === undefined ? `${id}.o` : `${id}.bc`));
  return isArchive && !isWhole ? ['-Wl,--start-lib', ...names, '-Wl,--end-lib'] : names;
}

/** Names of existing files and folders made absolute: whole words, `-L`, and items of `-Wl,` (a version script, say). */
function absoluteWord(word: string, cwd: string, isArgument: boolean): string {
  const file = (name: string) => {
    const resolved = path.resolve(cwd, name);
    return name !== '' && existsSync(resolved) ? resolved : name;
  };
  if (!isArgument) return word.includes('/') ? path.resolve(cwd, word) : word;
  if (!word.startsWith('-')) return file(word);
  if (word.startsWith('-L')) return `-L${file(word.slice(2))}`;
  return word.startsWith('-Wl,')
    ? word
        .split(/([,=])/)
        .map((item) => (/^-|^[,=]$/.test(item) ? item : file(item)))
        .join('')
    : word;
}

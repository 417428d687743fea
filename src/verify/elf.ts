import { readFile } from 'node:fs/promises';
import { type ElfFile, readElf } from '../measure/elf-file.js';

export type ElfComparison = { readonly equal: true } | { readonly equal: false; readonly detail: string };

/** Made by linkers, not by sources; which of them exist differs between linkers. */
const linkerSymbols: ReadonlySet<string> = new Set([
  '_init',
  '_fini',
  '_edata',
  '_end',
  '__bss_start',
  '_GLOBAL_OFFSET_TABLE_',
]);

/** Virtual tables, type information and thunks of C++: compilers differ in when they emit and hide them. */
const classData = /^_ZT/;

/** What node looks up in an addon that it has loaded. */
const entryPoint = /^(?:napi_register_module_v|node_register_module_v|node_api_module_get_api_version_v)\d+$/;

/** Libraries that the node binary itself is linked with: present wherever an addon can be loaded. */
const alwaysThere = /^(ld-linux.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|c\+\+)(\.so.*)?(\.musl.*)?)$/;

/**
 * Whether a candidate can stand in the place of the reference: same machine, same exported functions and data, no library needed in
 * addition. Weak symbols and class data do not count: what of inline functions, templates and virtual tables is exported depends on what was inlined. Files of
 * other formats (macOS) are not looked into, but must be of the same kind.
 * @param isOtherLevel the candidate is for another ISA level, by whose macros sources choose what they define: of its symbols only those count that node looks up
 */
export async function compareElf(
  reference: string,
  candidate: string,
  isOtherLevel = false,
): Promise<ElfComparison> {
  const [expected, actual] = (await Promise.all([readFile(reference), readFile(candidate)])).map(readElf);
  if (expected === undefined || actual === undefined) {
    return expected === actual
      ? { equal: true }
      : differ('one of the files is not a readable 64-bit ELF file');
  }
  if (expected.machine !== actual.machine) {
    return differ(`the machine changed from ${expected.machine} to ${actual.machine} (ELF e_machine)`);
  }
  const before = exportedNames(expected, isOtherLevel);
  const after = exportedNames(actual, isOtherLevel);
  const missing = [...before].filter((name) => !after.has(name) && !isOfAbstractClass(name, after));
  const added = [...after].filter((name) => !before.has(name));
  if (missing.length > 0) return differ(`no longer exported: ${list(missing)}`);
  if (added.length > 0) return differ(`newly exported: ${list(added)}`);
  const needed = actual.needed.filter((name) => !expected.needed.includes(name) && !alwaysThere.test(name));
  return needed.length > 0 ? differ(`needs more libraries: ${list(needed)}`) : { equal: true };
}

function exportedNames(file: ElfFile, onlyEntryPoints: boolean): Set<string> {
  const names = file.dynamicSymbols
    .filter(({ binding, defined, exported }) => binding === 'global' && defined && exported)
    .map(({ name }) => name);
  return new Set(
    names.filter((name) =>
      onlyEntryPoints ? entryPoint.test(name) : !linkerSymbols.has(name) && !classData.test(name),
    ),
  );
}

/** Whether it is a constructor of whole objects (C1) beside that of bases (C2, Itanium C++ ABI): clang makes none where the class is abstract, as nobody can call it. */
function isOfAbstractClass(name: string, exported: ReadonlySet<string>): boolean {
  return [...name.matchAll(/C1(?=[EI])/g)].some(({ index }) =>
    exported.has(`${name.slice(0, index)}C2${name.slice(index + 2)}`),
  );
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function differ(detail: string): ElfComparison {
  return { equal: false, detail };
}

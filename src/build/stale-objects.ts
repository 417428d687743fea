import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { planPath } from './plan-file.js';
import type { BuildRecord } from './types.js';

/**
 * The objects on disk that were compiled under another plan than the one that holds now. They come from the record; a
 * source that the record does not know (the state folder was deleted, the build folder kept) is looked for by the
 * names that gyp and CMake give to its object.
 * @param changed plan paths, see {@link planPath}
 */
export async function staleObjects(
  packageRoot: string,
  record: BuildRecord,
  changed: readonly string[],
): Promise<string[]> {
  const stale = new Set<string>();
  const unknown = new Set(changed);
  for (const { file, object, output } of record.compiles) {
    for (const plan of [planPath({ file }), planPath({ file, object })]) {
      if (plan === undefined || !changed.includes(plan)) continue;
      stale.add(output);
      unknown.delete(plan);
    }
  }
  const names = [...unknown].flatMap(objectNames);
  if (names.length > 0) {
    for (const object of await objectFiles(path.join(packageRoot, 'build'), 0)) {
      if (names.some((name) => object.endsWith(name))) stale.add(object);
    }
  }
  return [...stale];
}

function objectNames(plan: string): string[] {
  const file = /^(.+?)\.(?:c|cc|cpp|cxx|c\+\+|cp|C|CPP)(?=\/)/.exec(plan);
  return file === null ? [] : [`/${file[0]}.o`, `/${file[1]}.o`];
}

const deepest = 12;

async function objectFiles(folder: string, depth: number): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && depth < deepest) files.push(...(await objectFiles(file, depth + 1)));
    else if (entry.isFile() && entry.name.endsWith('.o')) files.push(file);
  }
  return files;
}

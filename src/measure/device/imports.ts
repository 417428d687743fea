import { existsSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What a module stands on. */
export interface Imports {
  /** The module and the files that it imports by relative paths, and these in turn; real paths. */
  readonly files: readonly string[];
  /** Packages that they import, with the folder of the importing file. */
  readonly packages: readonly { readonly name: string; readonly from: string }[];
}

const specifier = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])([^'"\n]+)\1/g;
const endings = ['', '.js', '.mjs', '.cjs', '.json', '/index.js'];

/** Follows the imports that stand in the text; a path that is computed cannot be seen. */
export async function followImports(module: string): Promise<Imports> {
  const files = new Set([realpathSync(module)]);
  const packages: { name: string; from: string }[] = [];
  for (const file of files) {
    const from = path.dirname(file);
    for (const [, , name = ''] of (await readFile(file, 'utf8')).matchAll(specifier)) {
      if (/^\.{1,2}\//.test(name)) {
        const found = endings.map((ending) => path.join(from, name + ending)).find(isFile);
        if (found !== undefined) files.add(realpathSync(found));
      } else if (!/^(?:node:|\/|#|file:|data:)/.test(name)) {
        packages.push({ name: name.split('/', name.startsWith('@') ? 2 : 1).join('/'), from });
      }
    }
  }
  return { files: [...files], packages };
}

function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile();
}

import { readdir } from 'node:fs/promises';
import path from 'node:path';

const deepest = 8;

/** Absolute paths of the `.node` files below a folder, those of dependencies and hidden folders left out. */
export async function addonFiles(folder: string, depth = 0): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(folder, entry.name);
    if (
      entry.isDirectory() &&
      depth < deepest &&
      entry.name !== 'node_modules' &&
      !entry.name.startsWith('.')
    ) {
      files.push(...(await addonFiles(file, depth + 1)));
    } else if (entry.isFile() && entry.name.endsWith('.node')) files.push(file);
  }
  return files;
}

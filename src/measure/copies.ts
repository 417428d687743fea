import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readElf, withoutUniqueSymbols } from './elf-file.js';
import type { Variant } from './types.js';

/** A variant's files, copied for one process. */
export interface Copies {
  /** Real path that the package loads → the copy. */
  readonly binaries: Readonly<Record<string, string>>;
  /** Folders which the originals' run paths name relative to themselves, where the copies would not find them. */
  readonly libraryPath: readonly string[];
}

/**
 * Copies a variant's files into `folder`. Every process gets fresh copies, because where a file's pages happen to lie changes its
 * speed: one byte-identical file ran 1.5 times slower until it was copied again.
 */
export async function copyVariant(variant: Variant, folder: string): Promise<Copies> {
  await mkdir(folder, { recursive: true });
  const root = realpathSync(folder);
  const binaries: Record<string, string> = {};
  const libraryPath: string[] = [];
  for (const [index, [loaded, file]] of Object.entries(variant.binaries).entries()) {
    const content = await readFile(file);
    const copy = join(root, String(index), basename(loaded));
    await mkdir(dirname(copy));
    // Read and written, not linked or cloned: shared pages would be no fresh copy.
    await writeFile(copy, withoutUniqueSymbols(content));
    const original = existsSync(loaded) ? realpathSync(loaded) : loaded;
    binaries[original] = copy;
    for (const path of readElf(content)?.runPath ?? []) {
      const origin = path.replace(/\$\{?ORIGIN\}?/, dirname(original));
      if (origin !== path) libraryPath.push(origin);
    }
  }
  return { binaries, libraryPath };
}

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

/** A variant's file as processes load it. */
export interface VariantFile {
  /** Real path that the package loads. */
  readonly original: string;
  readonly content: Buffer;
  readonly libraryPath: readonly string[];
}

/** Reads a variant's files. */
export async function readVariant(variant: Variant): Promise<VariantFile[]> {
  const files: VariantFile[] = [];
  for (const [loaded, file] of Object.entries(variant.binaries)) {
    const content = await readFile(file);
    const original = existsSync(loaded) ? realpathSync(loaded) : loaded;
    const libraryPath = (readElf(content)?.runPath ?? []).flatMap((path) => {
      const origin = path.replace(/\$\{?ORIGIN\}?/, dirname(original));
      return origin === path ? [] : [origin];
    });
    files.push({ original, content: withoutUniqueSymbols(content), libraryPath });
  }
  return files;
}

/** Where the copy of a variant's file goes below the folder of a process. */
export function copyPath(variant: number, index: number, original: string): string {
  return join(`${variant}-${index}`, basename(original));
}

/**
 * Copies variants' files into `folder`. Every process gets fresh copies, because where a file's pages happen to lie changes its
 * speed: one byte-identical file ran 1.5 times slower until it was copied again.
 */
export async function copyVariants(variants: readonly Variant[], folder: string): Promise<Copies[]> {
  await mkdir(folder, { recursive: true });
  const root = realpathSync(folder);
  return Promise.all(
    variants.map(async (variant, number) => {
      const files = await readVariant(variant);
      const binaries: Record<string, string> = {};
      for (const [index, { original, content }] of files.entries()) {
        const copy = join(root, copyPath(number, index, original));
        await mkdir(dirname(copy));
        // Read and written, not linked or cloned: shared pages would be no fresh copy.
        await writeFile(copy, content);
        binaries[original] = copy;
      }
      return { binaries, libraryPath: files.flatMap(({ libraryPath }) => libraryPath) };
    }),
  );
}

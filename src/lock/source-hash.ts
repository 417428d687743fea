import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normaliseSource } from '../levers/source-text.js';
import { isPackagePath } from './package-path.js';

/**
 * SHA-256 (hex) over the source and the given headers, without comments and white space. Both are relative to the package.
 * `undefined` when one of them is missing.
 */
export async function sourceHash(
  packageRoot: string,
  file: string,
  includes: readonly string[],
): Promise<string | undefined> {
  const hash = createHash('sha256');
  for (const path of [file, ...[...includes].sort()]) {
    if (!isPackagePath(path)) return undefined;
    const text = await readFile(join(packageRoot, path), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const normal = normaliseSource(text);
    hash.update(`${path}\0${normal.length}\0${normal}`);
  }
  return hash.digest('hex');
}

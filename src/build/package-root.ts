import { existsSync } from 'node:fs';
import path from 'node:path';

/** The nearest folder at or above `folder` that holds a package.json. */
export function findPackageRoot(folder: string): string | undefined {
  const absolute = path.resolve(folder);
  if (existsSync(path.join(absolute, 'package.json'))) return absolute;
  const parent = path.dirname(absolute);
  return parent === absolute ? undefined : findPackageRoot(parent);
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder with the launcher, the hooks and `apply.mjs`: where this very file is when it runs from the bundle, else
 * `dist/apply` of the package.
 */
export function applyFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return existsSync(path.join(here, 'launch')) ? here : path.resolve(here, '../../dist/apply');
}

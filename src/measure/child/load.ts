import { existsSync, readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The module which stands for the package, and how it has to be loaded. */
export interface Entry {
  readonly file: string;
  readonly format: 'commonjs' | 'module';
}

/** Finds what `require` of the package gives, or `import` where the package offers nothing else. */
export function resolveEntry(packageRoot: string, entry: string | undefined): Entry {
  const require = createRequire(join(packageRoot, 'package.json'));
  if (entry !== undefined) return withFormat(require.resolve(resolve(packageRoot, entry)));
  const manifest = readManifest(packageRoot);
  // As a folder: beside it there may be a file of the same name, such as `name.js` or `name.json`.
  if (manifest.exports === undefined) return withFormat(require.resolve(packageRoot + sep));
  try {
    return withFormat(require.resolve(String(manifest.name)));
  } catch (error) {
    const target = importTarget(manifest.exports);
    if (target === undefined) throw error;
    return withFormat(resolve(packageRoot, target));
  }
}

/**
 * Loads the package anew, with all its modules and dependencies. `copy` is different for each load. Addons of other packages (those that
 * `isOurs` does not know) stay loaded: old ones cannot be registered twice from the same file.
 */
export async function loadFresh(
  entry: Entry,
  copy: number,
  isOurs: (file: string) => boolean,
): Promise<unknown> {
  const require = createRequire(entry.file);
  for (const file of Object.keys(require.cache)) {
    if (!file.endsWith('.node') || isOurs(file)) delete require.cache[file];
  }
  if (entry.format === 'commonjs') return require(entry.file);
  const namespace: Record<string, unknown> = await import(`${pathToFileURL(entry.file)}?autopass=${copy}`);
  return onlyDefault(namespace) ? namespace.default : namespace;
}

/**
 * Makes every module that an ES module of copy N imports a module of copy N. Without it only the entry would be loaded anew, and the
 * file that loads the addon would be taken from the first copy.
 */
export function spreadCopies(): void {
  const hook = `export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    const copy = /[?&]autopass=\\d+$/.exec(context.parentURL ?? '');
    return copy && found.url.startsWith('file:') ? { ...found, url: found.url + copy[0] } : found;
  }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

function onlyDefault(namespace: Record<string, unknown>): boolean {
  const names = Object.keys(namespace).filter((name) => name !== '__esModule' && name !== 'module.exports');
  return names.length === 1 && names[0] === 'default';
}

function withFormat(file: string): Entry {
  const extension = extname(file);
  if (extension === '.mjs') return { file, format: 'module' };
  if (extension !== '.js') return { file, format: 'commonjs' };
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      return { file, format: readManifest(folder).type === 'module' ? 'module' : 'commonjs' };
    }
    if (folder === dirname(folder)) return { file, format: 'commonjs' };
  }
}

function readManifest(folder: string): Record<string, unknown> {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null ? { ...manifest } : {};
}

/** The file for `import` of the package itself, from its `exports`. */
function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (Array.isArray(exports)) return exports.map(importTarget).find((target) => target !== undefined);
  if (typeof exports !== 'object' || exports === null) return undefined;
  const known = ['.', 'node', 'import', 'node-addons', 'module-sync', 'default'];
  for (const [condition, target] of Object.entries(exports)) {
    const found = known.includes(condition) ? importTarget(target) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, relative, sep } from 'node:path';
import type { ChildBinaries } from './protocol.js';

/** Sends `process.dlopen` to the files of the variant at work. */
export interface Redirect {
  /** From now on, loads go to this variant. */
  use(variant: number): void;
  /** Which of the package's binaries have been loaded from this variant's files. */
  loaded(variant: number): string[];
  errors(variant: number): string[];
  /** Whether loading this file would be redirected. */
  owns(filename: string): boolean;
}

/**
 * Redirects `process.dlopen`, which `bindings`, `node-gyp-build`, `node-pre-gyp` and a plain `require` all end in, so that nothing in
 * the package's folder is overwritten. Files are known by their real path, or by their name inside the package when that is
 * unambiguous (node-pre-gyp copies the file elsewhere).
 */
export function redirectLoads(packageRoot: string, variants: readonly ChildBinaries[]): Redirect {
  const original = process.dlopen;
  const state = variants.map((binaries) => ({ binaries, hit: new Set<string>(), errors: [] as string[] }));
  let current = 0;

  function redirected(this: unknown, module: object, filename: string, ...flags: [number?]): void {
    const variant = state[current];
    const key = variant && keyOf(packageRoot, variant.binaries, filename);
    if (variant === undefined || key === undefined) {
      Reflect.apply(original, process, [module, filename, ...flags]);
      return;
    }
    try {
      Reflect.apply(original, process, [module, variant.binaries[key], ...flags]);
      variant.hit.add(key);
    } catch (error) {
      variant.errors.push(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }
  process.dlopen = redirected as typeof process.dlopen;

  return {
    use(variant) {
      current = variant;
    },
    loaded(variant) {
      const binaries: ChildBinaries = state[variant]?.binaries ?? {};
      const maps = mappedFiles();
      return Object.keys(binaries).filter((key) =>
        maps === undefined ? state[variant]?.hit.has(key) : maps.has(binaries[key] ?? ''),
      );
    },
    errors: (variant) => state[variant]?.errors ?? [],
    owns: (filename) => state.some(({ binaries }) => keyOf(packageRoot, binaries, filename) !== undefined),
  };
}

function keyOf(packageRoot: string, binaries: ChildBinaries, filename: string): string | undefined {
  const path = existsSync(filename) ? realpathSync(filename) : filename;
  if (path in binaries) return path;
  const inside = relative(packageRoot, path).split(sep);
  if (inside[0] === '..' || inside.includes('node_modules')) return undefined;
  const named = Object.keys(binaries).filter((key) => basename(key) === basename(path));
  return named.length === 1 ? named[0] : undefined;
}

/** Absent where the system has no `/proc`; there, a load that did not throw has to do. */
function mappedFiles(): Set<string> | undefined {
  try {
    const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
    return new Set(lines.map((line) => line.slice(line.indexOf('/')).replace(/ \(deleted\)$/, '')));
  } catch {
    return undefined;
  }
}

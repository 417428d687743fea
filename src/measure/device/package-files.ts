import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { findPackageRoot } from '../../build/package-root.js';
import { followImports } from './imports.js';
import type { ArchiveEntry } from './tar.js';

/** History, sessions, and what belongs to builds alone; dependencies are chosen one by one. */
const foldersLeftOut = /^(?:node_modules|\.git|\.autopass|obj\.target|CMakeFiles|\.deps|node_gyp_bins)$/;

/** What only compilers and linkers read. */
const filesLeftOut = /\.(?:o|a|d|lo|obj|lib|gch|pch|bc|c|cc|cpp|cxx|h|hh|hpp|hxx|s|S|asm|gyp|gypi|mk|ninja)$/;

/**
 * Lists what a bench needs on another machine: the package and the folder of the bench, without what builds leave, and the dependencies of the package and of
 * what the bench imports. Files keep their absolute paths below `prefix`, so that relative paths, Node's search for packages and links still hold.
 */
export async function packageFiles(
  { packageRoot, bench, workDir }: { packageRoot: string; bench: string; workDir: string },
  prefix: string,
): Promise<ArchiveEntry[]> {
  const entries = new Map<string, ArchiveEntry>();
  const folders = new Set<string>();
  const left = await realpath(workDir).catch(() => workDir);
  const moved = (file: string) => prefix + file;

  /** Takes a real path. */
  async function add(file: string): Promise<void> {
    if (entries.has(file) || folders.has(file) || file === left) return;
    const info = await lstat(file).catch(() => undefined);
    if (info?.isFile()) {
      entries.set(file, { path: moved(file), file, isExecutable: (info.mode & 0o100) !== 0 });
    } else if (info?.isSymbolicLink()) {
      const target = await realpath(file).catch(() => undefined);
      if (target === undefined) return;
      addLink(file, target);
      await add(target);
    } else if (info?.isDirectory()) {
      folders.add(file);
      for (const entry of await readdir(file, { withFileTypes: true })) {
        const isLeftOut = entry.isFile() ? filesLeftOut : foldersLeftOut;
        if (!isLeftOut.test(entry.name)) await add(path.join(file, entry.name));
      }
    }
  }

  function addLink(file: string, target: string): void {
    const link = path.relative(path.dirname(file), target) || '.';
    entries.set(file, { path: moved(file), link });
  }

  const packages = new Set<string>();
  /** Finds a package as Node does, in `node_modules` of this folder and of those above. */
  async function addPackage(name: string, from: string): Promise<void> {
    const found = path.join(from, 'node_modules', name);
    if (!existsSync(found)) {
      if (path.dirname(from) !== from) await addPackage(name, path.dirname(from));
      return;
    }
    const folder = await realpath(found);
    if (folder !== found) addLink(found, folder);
    await addWithDependencies(folder);
  }

  async function addWithDependencies(folder: string): Promise<void> {
    if (packages.has(folder)) return;
    packages.add(folder);
    await add(folder);
    for (const name of await dependencies(folder)) await addPackage(name, folder);
  }

  await addWithDependencies(packageRoot);
  const imports = await followImports(bench);
  const benchFolder = path.dirname(imports.files[0] ?? bench);
  // Outside any package it may be somebody's home.
  if (findPackageRoot(benchFolder) !== undefined) await add(benchFolder);
  for (const file of imports.files) {
    await add(file);
    const root = findPackageRoot(path.dirname(file));
    if (root !== undefined) await add(path.join(root, 'package.json'));
  }
  for (const { name, from } of imports.packages) await addPackage(name, from);
  return [...entries.values()];
}

/** Names of packages that may be loaded at run time. */
async function dependencies(folder: string): Promise<string[]> {
  const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => '{}');
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null) return [];
  const fields: Record<string, unknown> = { ...manifest };
  return ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) =>
    Object.keys(fields[field] ?? {}),
  );
}

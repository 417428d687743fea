import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { AutoPassError } from '../errors.js';

/** One real addon of the corpus: what `fixtures/addons/<name>/addon.json` says. */
export interface CorpusAddon {
  /** The folder in `fixtures/addons/`, and the folder that {@link fetchAddon} makes. */
  name: string;
  /** The npm package. */
  package: string;
  version: string;
  build: 'node-gyp' | 'cmake-js' | 'node-pre-gyp';
  /** Exact versions of what building and running need; they replace what the package itself asks for. */
  dependencies: Record<string, string>;
  /** How many cases the bench module has. */
  cases: number;
  notes: string;
}

const addonSchema = z.strictObject({
  package: z.string(),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a pinned version'),
  build: z.enum(['node-gyp', 'cmake-js', 'node-pre-gyp']),
  dependencies: z.record(z.string(), z.string().regex(/^\d+\.\d+\.\d+$/, 'a pinned version')),
  cases: z.int().positive(),
  notes: z.string(),
});

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).optional(),
});

// The same from src/dev (tests) and dist/dev (command line).
const fixtures = fileURLToPath(new URL('../../fixtures/addons/', import.meta.url));
const ownFiles = ['autopass.config.json', 'bench.mjs'];

/** The names of all addons of the corpus, sorted. */
export async function corpusNames(): Promise<string[]> {
  const entries = await readdir(fixtures, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * Reads the description of one corpus addon.
 * @throws AutoPassError `corpus-unknown` when there is no such addon, `corpus-invalid` when its file is malformed.
 */
export async function corpusAddon(name: string): Promise<CorpusAddon> {
  const names = await corpusNames();
  if (!names.includes(name)) {
    throw new AutoPassError('corpus-unknown', `there is no addon "${name}" in fixtures/addons`, {
      hint: `one of: ${names.join(', ')}`,
    });
  }
  const file = path.join(fixtures, name, 'addon.json');
  const parsed = addonSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) {
    throw new AutoPassError('corpus-invalid', `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return { name, ...parsed.data };
}

/**
 * Fetches a corpus addon from npm, ready to be built: the pinned package unpacked in `<intoDir>/<name>`, its
 * dependencies installed without running any script, our config and bench beside its package.json.
 *
 * Calling it again costs nothing but copying config and bench; a folder of another version is replaced. Tarballs are
 * kept in `<intoDir>/.tarballs`.
 * @returns the package root (absolute).
 * @throws AutoPassError `corpus-unknown`, `corpus-invalid`, or `corpus-fetch` when npm failed twice.
 */
export async function fetchAddon(name: string, intoDir: string): Promise<string> {
  const addon = await corpusAddon(name);
  const root = path.resolve(intoDir, name);
  if (!(await isFetched(root, addon))) {
    await rm(root, { recursive: true, force: true });
    await unpackAndInstall(addon, path.resolve(intoDir), root);
  }
  for (const file of ownFiles) {
    await copyFile(path.join(fixtures, name, file), path.join(root, file));
  }
  return root;
}

async function isFetched(root: string, addon: CorpusAddon): Promise<boolean> {
  const text = await readFile(path.join(root, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const manifest = manifestSchema.safeParse(JSON.parse(text));
  return (
    manifest.success &&
    manifest.data.version === addon.version &&
    JSON.stringify(manifest.data.dependencies) === JSON.stringify(addon.dependencies)
  );
}

/** Works in a folder of its own and renames it at the end, so that a killed fetch leaves nothing that looks complete. */
async function unpackAndInstall(addon: CorpusAddon, intoDir: string, root: string): Promise<void> {
  const partial = path.join(intoDir, `.fetching-${addon.name}-${process.pid}`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    const tarball = await downloadTarball(addon, intoDir);
    await execa('tar', ['-xzf', tarball, '--strip-components=1', '-C', partial]);
    // Some packages ship binaries built elsewhere; their loaders would quietly take those when a build went wrong.
    for (const prebuilt of ['prebuilds', 'build']) {
      await rm(path.join(partial, prebuilt), { recursive: true, force: true });
    }
    await pinDependencies(path.join(partial, 'package.json'), addon);
    await npm(addon, partial, [
      ...['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-package-lock'],
      '--prefer-offline',
    ]);
    await rename(partial, root);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function downloadTarball(addon: CorpusAddon, intoDir: string): Promise<string> {
  const cache = path.join(intoDir, '.tarballs');
  const cached = path.join(cache, `${addon.name}-${addon.version}.tgz`);
  if ((await stat(cached).catch(() => undefined))?.isFile()) return cached;
  const incoming = path.join(cache, `.incoming-${addon.name}-${process.pid}`);
  await mkdir(incoming, { recursive: true });
  try {
    await npm(addon, incoming, ['pack', '--pack-destination', incoming, `${addon.package}@${addon.version}`]);
    const [file] = (await readdir(incoming)).filter((entry) => entry.endsWith('.tgz'));
    if (file === undefined) {
      throw new AutoPassError(
        'corpus-fetch',
        `npm pack wrote no tarball for ${addon.package}@${addon.version}`,
      );
    }
    await rename(path.join(incoming, file), cached);
    return cached;
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/**
 * The packages ask for ranges, for downloaders of prebuilt binaries and for old copies of the build tool itself;
 * a corpus that is compared over months must get the same headers every time and nothing more.
 */
async function pinDependencies(file: string, addon: CorpusAddon): Promise<void> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const { devDependencies: _dev, optionalDependencies: _optional, ...kept } = manifest;
  await writeFile(file, `${JSON.stringify({ ...kept, dependencies: addon.dependencies }, undefined, 2)}\n`);
}

async function npm(addon: CorpusAddon, cwd: string, args: string[]): Promise<void> {
  const options = { cwd, reject: false, timeout: 300_000 } as const;
  let result = await execa('npm', args, options);
  if (result.failed) result = await execa('npm', args, options);
  if (result.failed) {
    throw new AutoPassError(
      'corpus-fetch',
      `npm ${args[0]} failed twice for ${addon.package}@${addon.version}: ${lastLines(result.stderr)}`,
      {
        hint: 'check the network and `npm config get registry`, then run the same command again',
        cause: result,
      },
    );
  }
}

function lastLines(text: string | undefined): string {
  return (text ?? '').trim().split('\n').slice(-4).join('\n');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [name, intoDir] = process.argv.slice(2);
  if (name === undefined || intoDir === undefined) {
    process.stderr.write(
      `usage: node dist/dev/corpus.js <name> <dir>\n<name>: ${(await corpusNames()).join(', ')}\n`,
    );
    process.exitCode = 1;
  } else {
    process.stdout.write(`${await fetchAddon(name, intoDir)}\n`);
  }
}

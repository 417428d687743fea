import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { cosmiconfig } from 'cosmiconfig';
import { z } from 'zod';
import { AutoPassError } from '../errors.js';
import { type ConfigFields, configSchema } from './schema.js';

/** A parsed configuration, with paths made absolute. */
export interface Config extends Omit<ConfigFields, 'bench'> {
  /** Absolute path of the package: the folder that holds package.json. */
  readonly packageRoot: string;
  /** Absolute path of the config file; absent when there is none. */
  readonly file: string | undefined;
  readonly bench:
    | { readonly kind: 'module'; readonly path: string }
    | { readonly kind: 'command'; readonly command: readonly string[] }
    | undefined;
}

const searchPlaces = [
  'autopass.config.mjs',
  'autopass.config.js',
  'autopass.config.cjs',
  'autopass.config.json',
  '.autopassrc.json',
];

/**
 * Loads `autopass.config.*` of the package in `directory`.
 * @throws AutoPassError `NO_PACKAGE` without a package.json, `BAD_CONFIG` when a field is wrong.
 */
export async function loadConfig(directory: string): Promise<Config> {
  const packageRoot = path.resolve(directory);
  await readPackageJson(packageRoot);
  const explorer = cosmiconfig('autopass', { searchPlaces, searchStrategy: 'none', cache: false });
  const found = await explorer.search(packageRoot).catch((cause: unknown) => {
    throw new AutoPassError(
      'BAD_CONFIG',
      `The configuration in ${packageRoot} could not be read: ${String(cause)}`,
      {
        cause,
        hint: 'Correct the file, or write a new one with: autopass init',
      },
    );
  });
  const input: unknown = found?.config ?? {};
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    throw new AutoPassError(
      'BAD_CONFIG',
      `${found?.filepath ?? packageRoot}: ${z.prettifyError(parsed.error)}`,
      {
        hint: 'The README lists every field of autopass.config.*',
      },
    );
  }
  const base = found?.filepath === undefined ? packageRoot : path.dirname(found.filepath);
  const { bench, ...fields } = parsed.data;
  return {
    ...fields,
    packageRoot,
    file: found?.filepath,
    bench:
      bench === undefined
        ? undefined
        : typeof bench === 'string'
          ? { kind: 'module', path: path.resolve(base, bench) }
          : { kind: 'command', command: bench.command },
  };
}

export interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  /** What the builds of this package may use; see the README. */
  readonly autopass?: { readonly allow?: readonly string[] };
}

/** @throws AutoPassError `NO_PACKAGE` when the folder holds no readable package.json. */
export async function readPackageJson(packageRoot: string): Promise<PackageJson> {
  try {
    return JSON.parse(await readFile(path.join(packageRoot, 'package.json'), 'utf8')) as PackageJson;
  } catch (cause) {
    throw new AutoPassError('NO_PACKAGE', `${packageRoot} holds no readable package.json.`, {
      cause,
      hint: 'Run autopass in the folder of the addon, or name it with: autopass -C DIR ...',
    });
  }
}

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { profileFileOf, profileOf, profilesFolder } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';

/** Whether a folder holds the very profile that a configuration uses: a regular file, or a folder of such. */
export async function profileState(
  folder: string,
  configuration: Configuration,
): Promise<'intact' | 'missing' | 'altered'> {
  const place = path.join(folder, profileFileOf(configuration) ?? '');
  const hash = await profileHash(place).catch(() => undefined);
  if (hash === undefined) return 'missing';
  return hash === profileOf(configuration) ? 'intact' : 'altered';
}

/**
 * The name of a profile: SHA-256 of the file or, of a folder, of the names and contents of its files; undefined where something is neither.
 * @throws Error when it cannot be read
 */
export async function profileHash(place: string): Promise<string | undefined> {
  const info = await lstat(place);
  const hash = createHash('sha256');
  if (info.isFile()) return hash.update(await readFile(place)).digest('hex');
  if (!info.isDirectory()) return undefined;
  for (const name of (await readdir(place)).sort()) {
    const file = path.join(place, name);
    if (!(await lstat(file)).isFile()) return undefined;
    const bytes = await readFile(file);
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** Why the package does not have the profile that a configuration of its lock uses; `undefined` when it does. */
export async function profileProblem(
  packageRoot: string,
  configuration: Configuration,
): Promise<string | undefined> {
  const name = profileFileOf(configuration);
  if (name === undefined) return undefined;
  const state = await profileState(path.join(packageRoot, profilesFolder), configuration);
  const file = `its profile ${profilesFolder}/${name}`;
  if (state === 'missing') return `${file} is missing`;
  return state === 'altered' ? `${file} is not the one that it was tuned with` : undefined;
}

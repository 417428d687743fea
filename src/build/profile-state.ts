import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { profileFile, profileOf, profilesFolder } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';

/** Whether a folder holds this very profile, as a regular file. */
export async function profileState(folder: string, name: string): Promise<'intact' | 'missing' | 'altered'> {
  const file = path.join(folder, profileFile(name));
  try {
    if (!(await lstat(file)).isFile()) return 'missing';
    const hash = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return hash === name ? 'intact' : 'altered';
  } catch {
    return 'missing';
  }
}

/** Why the package does not have the profile that a configuration of its lock uses; `undefined` when it does. */
export async function profileProblem(
  packageRoot: string,
  configuration: Configuration,
): Promise<string | undefined> {
  const name = profileOf(configuration);
  if (name === undefined) return undefined;
  const state = await profileState(path.join(packageRoot, profilesFolder), name);
  const file = `its profile ${profilesFolder}/${profileFile(name)}`;
  if (state === 'missing') return `${file} is missing`;
  return state === 'altered' ? `${file} is not the one that it was tuned with` : undefined;
}

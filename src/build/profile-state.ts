import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { profileFile } from '../levers/profiles.js';

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

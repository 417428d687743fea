import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from './replace-file.js';

/**
 * Makes the plans folder hold exactly these plans, path to text. Without plans the folder itself goes: its absence
 * is what the launcher's shortest path looks for.
 */
export async function writePlans(folder: string, plans: ReadonlyMap<string, string>): Promise<void> {
  if (plans.size === 0) {
    await rm(folder, { recursive: true, force: true });
    return;
  }
  for (const file of await existingPlans(folder)) {
    if (!plans.has(file)) await rm(path.join(folder, file), { recursive: true, force: true });
  }
  for (const [file, text] of plans) {
    const target = path.join(folder, file);
    if ((await readFile(target, 'utf8').catch(() => undefined)) !== text) await replacePlan(target, text);
  }
}

/** Paths, relative to the folder, of everything in it that is not a folder. */
export async function existingPlans(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

async function replacePlan(target: string, text: string): Promise<void> {
  try {
    await replaceFile(target, text);
  } catch {
    // Something else stands in the way, for example a folder with the plan's name.
    await rm(target, { recursive: true, force: true });
    await replaceFile(target, text);
  }
}

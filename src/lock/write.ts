import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatLock } from './format.js';
import type { Lock } from './types.js';

/**
 * Writes a lock atomically: temporary file in the same folder, synced, renamed. Writes nothing when the file already
 * holds these bytes. Returns whether it changed.
 */
export async function writeLock(path: string, lock: Lock): Promise<boolean> {
  const text = formatLock(lock);
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return false;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${Date.now()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return true;
}

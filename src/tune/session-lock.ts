import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from '../build/sync-lock.js';
import { AutoPassError } from '../errors.js';

/**
 * Holds `.autopass/tune.pid` while `body` runs: two sessions in one package would measure each other.
 * @throws AutoPassError `SESSION_RUNNING` when a living process holds it.
 */
export async function withSessionLock<T>(stateFolder: string, body: () => Promise<T>): Promise<T> {
  const file = path.join(stateFolder, 'tune.pid');
  await mkdir(stateFolder, { recursive: true });
  await acquire(file);
  try {
    return await body();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
      if (Number.isInteger(holder) && holder > 0 && isAlive(holder)) break;
      await rm(file, { force: true });
    }
  }
  throw new AutoPassError('SESSION_RUNNING', `Another autopass session is tuning this package (${file}).`, {
    hint: 'Wait for it to end, or remove the file when no such process exists.',
  });
}

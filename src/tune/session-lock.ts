import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../build/sync-lock.js';
import { AutoPassError } from '../errors.js';

const pollMs = 200;

/** What a build does while another process builds or tunes the package: it waits, and says so once. */
export interface Waiting {
  readonly onWait: (holder: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Holds `.autopass/tune.pid` while `body` runs: two sessions in one package would measure each other, and two builds delete
 * each other's files.
 * @throws AutoPassError `SESSION_RUNNING` when a living process holds it and `waiting` is absent.
 */
export async function withSessionLock<T>(
  stateFolder: string,
  body: () => Promise<T>,
  waiting?: Waiting,
): Promise<T> {
  const file = path.join(stateFolder, 'tune.pid');
  await mkdir(stateFolder, { recursive: true });
  await acquire(file, waiting);
  try {
    return await body();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string, waiting: Waiting | undefined): Promise<void> {
  let hasWaited = false;
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await holderOf(file);
    if (holder === 'gone') await rm(file, { force: true });
    else if (waiting === undefined) {
      throw new AutoPassError(
        'SESSION_RUNNING',
        `Another autopass session works on this package (${file}).`,
        {
          hint: 'Wait for it to end, or remove the file when no such process exists.',
        },
      );
    } else {
      if (!hasWaited) waiting.onWait(holder);
      hasWaited = true;
      await sleep(pollMs, undefined, { ...(waiting.signal && { signal: waiting.signal }) });
    }
  }
}

/** Its process, or `gone` when that does not live. A file that is still empty was made a moment ago. */
async function holderOf(file: string): Promise<number | 'gone'> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const holder = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
    if (Number.isInteger(holder) && holder > 0) return isAlive(holder) ? holder : 'gone';
    await sleep(20);
  }
  return 'gone';
}

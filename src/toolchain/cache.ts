import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** What was probed of a binary, kept per user. A cache that cannot be read or written costs time, never a build. */
export async function readCache<T>(
  key: string,
  env: NodeJS.ProcessEnv,
  check: (value: unknown) => value is T,
): Promise<T | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(cacheFile(key, env), 'utf8'));
    return check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes atomically; failures are ignored. */
export async function writeCache(key: string, env: NodeJS.ProcessEnv, value: unknown): Promise<void> {
  const file = cacheFile(key, env);
  const temporary = `${file}.${process.pid}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, file);
  } catch {
    // A read-only home folder is normal in containers.
  }
}

/** The user's folder for what can be made again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return path.join(env.XDG_CACHE_HOME || path.join(env.HOME || os.tmpdir(), '.cache'), 'autopass');
}

function cacheFile(key: string, env: NodeJS.ProcessEnv): string {
  return path.join(cacheFolder(env), `${key}.json`);
}

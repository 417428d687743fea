import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../../build/replace-file.js';
import { type KnowledgeEntry, parseBase } from './entry.js';

/** Comes with the package: results of real sessions on real addons, see `src/dev/learn.ts`. */
export const shippedBase: string = fileURLToPath(
  new URL('../../../templates/knowledge/base.json', import.meta.url),
);

const largestFile = 4 << 20;
const mostEntries = 500;

/** The user's own base; undefined where `AUTOPASS_KNOWLEDGE=off` says that there is to be none. */
export function localBase(env: NodeJS.ProcessEnv): string | undefined {
  if (env.AUTOPASS_KNOWLEDGE === 'off') return undefined;
  const { XDG_CACHE_HOME: cache } = env;
  // The XDG specification: a relative path is not valid.
  const folder = cache && path.isAbsolute(cache) ? cache : path.join(os.homedir(), '.cache');
  return path.join(folder, 'autopass', 'knowledge.json');
}

/** Entries of a base; none where it is missing, too large or no base. */
export async function readBase(file: string): Promise<KnowledgeEntry[]> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size <= largestFile ? parseBase(await readFile(file, 'utf8')) : [];
  } catch {
    return [];
  }
}

/** Adds entries, in place of those with the same id; the oldest go where there are too many. */
export async function addToBase(file: string, entries: readonly KnowledgeEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const fresh = new Set(entries.map(({ id }) => id));
  const kept = (await readBase(file)).filter(({ id }) => !fresh.has(id));
  const lines = [...kept, ...entries].slice(-mostEntries).map((entry) => JSON.stringify(entry));
  await replaceFile(file, `{ "entries": [\n${lines.join(',\n')}\n] }\n`);
}

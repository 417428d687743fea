import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { readCache, writeCache } from './cache.js';
import { binaryIdentity, isExecutable, which, whichAll } from './find-clang.js';
import { run } from './run.js';
import type { Gcc } from './types.js';

/** Majors of gcc whose own names are looked for, newest first, after the plain name. */
const majors: readonly number[] = [16, 15, 14, 13, 12, 11, 10, 9, 8];

/** The installed gccs, each with its g++; the one that is just called gcc first. */
export async function findGccs(env: NodeJS.ProcessEnv = process.env): Promise<Gcc[]> {
  const found = new Map<string, Gcc>();
  for (const name of ['gcc', ...majors.map((major) => `gcc-${major}`)]) {
    for (const cc of await whichAll(name, env)) {
      const real = await realpath(cc);
      if (found.has(real)) continue;
      const [info, cxx] = [await versionOf(cc, env), await cxxOf(cc)];
      if (info !== undefined && cxx !== undefined) found.set(real, { ...info, cc, cxx });
    }
  }
  return [...found.values()];
}

/** The gcc that all of these words call, by whatever names; undefined when one of them calls something else. */
export async function gccBehind(
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Gcc | undefined> {
  const versions = new Set<string | undefined>();
  for (const word of new Set(words)) {
    const file = await which(word, env);
    versions.add(file === undefined ? undefined : (await versionOf(file, env))?.version);
  }
  const [version] = versions;
  if (versions.size !== 1 || version === undefined) return undefined;
  return (await findGccs(env)).find((gcc) => gcc.version === version);
}

type Info = Omit<Gcc, 'cc' | 'cxx'>;
type Version = Omit<Info, 'identity'>;

/** What a binary says of itself, cached by its identity; undefined when it is not gcc. */
async function versionOf(file: string, env: NodeJS.ProcessEnv): Promise<Info | undefined> {
  const identity = await binaryIdentity(file);
  if (identity === undefined) return undefined;
  const key = `gcc-${identity}`;
  const cached = await readCache(key, env, isVersion);
  if (cached !== undefined) return { ...cached, identity };
  const result = await run([file, '-v'], { timeoutMs: 20_000, env: { ...env, LC_ALL: 'C' } });
  const parsed = result.code === 0 ? parseGccVersion(result.stderr) : undefined;
  if (parsed === undefined) return undefined;
  await writeCache(key, env, parsed);
  return { ...parsed, identity };
}

/** Parses the answer to `gcc -v`. */
export function parseGccVersion(text: string): Version | undefined {
  const match = /^gcc version (\d+)\.(\d+)\.(\d+)/m.exec(text);
  const triple = /^Target: (\S+)$/m.exec(text)?.[1];
  if (match === null || triple === undefined) return undefined;
  const [, major, minor, patch] = match;
  return {
    vendor: 'gnu',
    version: `${major}.${minor}.${patch}`,
    major: Number(major),
    // Red Hat and SUSE leave the C library out.
    triple: triple.endsWith('-linux') ? `${triple}-gnu` : triple,
  };
}

function isVersion(value: unknown): value is Version {
  const info = value as Version;
  return (
    typeof info === 'object' &&
    info !== null &&
    info.vendor === 'gnu' &&
    typeof info.version === 'string' &&
    typeof info.major === 'number' &&
    typeof info.triple === 'string'
  );
}

async function cxxOf(cc: string): Promise<string | undefined> {
  const file = path.join(path.dirname(cc), path.basename(cc).replace('gcc', 'g++'));
  return (await isExecutable(file)) ? file : undefined;
}

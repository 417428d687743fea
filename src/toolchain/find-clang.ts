import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { readCache, writeCache } from './cache.js';
import { type Run, run } from './run.js';
import type { Clang, LlvmTool } from './types.js';

/** LLVM majors that the lever catalogue was measured on, newest first. */
export const supportedMajors: readonly number[] = [22, 21, 20, 19, 18, 17, 16];

const toolNames: readonly LlvmTool[] = [
  'opt',
  'llvm-profdata',
  'llvm-nm',
  'llvm-objcopy',
  'llvm-objdump',
  'llvm-readelf',
  'llvm-mca',
  'llvm-ar',
  'llvm-symbolizer',
  'lld',
];

export interface FindClangOptions {
  env?: NodeJS.ProcessEnv;
  /** A clang named by the user's config; `AUTOPASS_CLANG` goes before it. */
  configured?: string;
  run?: Run;
}

/**
 * The usable clangs: one named by `AUTOPASS_CLANG` or the config first (and alone, when it works), then those on
 * PATH and in the usual LLVM folders, newest first. What a binary says of itself is cached by its identity.
 */
export async function findClangs(options: FindClangOptions = {}): Promise<Clang[]> {
  const env = options.env ?? process.env;
  const named = env.AUTOPASS_CLANG || options.configured;
  if (named) {
    const file = await which(named, env);
    const clang = file === undefined ? undefined : await inspectClang(file, env, options.run ?? run);
    return clang === undefined ? [] : [clang];
  }
  const found = new Map<string, Clang>();
  const candidates = [...supportedMajors.map((major) => `clang-${major}`), 'clang'];
  for (const candidate of candidates) {
    for (const file of await whichAll(candidate, env)) {
      const real = await realpath(file);
      if (found.has(real)) continue;
      const clang = await inspectClang(file, env, options.run ?? run);
      if (clang !== undefined) found.set(real, clang);
    }
  }
  return [...found.values()].sort((a, b) => b.major - a.major);
}

/** Asks one binary what it is; undefined when it is not a clang of a supported major. */
async function inspectClang(file: string, env: NodeJS.ProcessEnv, runTool: Run): Promise<Clang | undefined> {
  const identity = await binaryIdentity(file);
  if (identity === undefined) return undefined;
  const key = `clang-${identity}`;
  const cached = await readCache(key, env, isVersionInfo);
  const info = cached ?? (await askVersion(file, runTool));
  if (info === undefined) return undefined;
  if (cached === undefined) await writeCache(key, env, info);
  if (info.vendor === 'llvm' && !supportedMajors.includes(info.major)) return undefined;
  const cxx = await cxxDriver(file, env);
  if (cxx === undefined) return undefined;
  return { ...info, cc: file, cxx, identity, tools: await findTools(file, info.major, env) };
}

interface VersionInfo {
  vendor: 'llvm' | 'apple';
  version: string;
  major: number;
  triple: string;
}

async function askVersion(file: string, runTool: Run): Promise<VersionInfo | undefined> {
  const result = await runTool([file, '--version'], { timeoutMs: 20_000 });
  if (result.code !== 0) return undefined;
  return parseVersion(result.stdout);
}

/** Parses the answer to `clang --version`. */
export function parseVersion(text: string): VersionInfo | undefined {
  const match = /(Apple )?clang version (\d+)\.(\d+)\.(\d+)/.exec(text);
  const triple = /^Target: (\S+)$/m.exec(text)?.[1];
  if (match === null || triple === undefined) return undefined;
  const [, apple, major, minor, patch] = match;
  return {
    vendor: apple === undefined ? 'llvm' : 'apple',
    version: `${major}.${minor}.${patch}`,
    major: Number(major),
    triple,
  };
}

function isVersionInfo(value: unknown): value is VersionInfo {
  const info = value as VersionInfo;
  return (
    typeof info === 'object' &&
    info !== null &&
    (info.vendor === 'llvm' || info.vendor === 'apple') &&
    typeof info.version === 'string' &&
    typeof info.major === 'number' &&
    typeof info.triple === 'string'
  );
}

/** Hash of real path, size and modification time: changes whenever the binary is replaced. */
export async function binaryIdentity(file: string): Promise<string | undefined> {
  try {
    const real = await realpath(file);
    const { size, mtimeMs } = await stat(real);
    return createHash('sha256').update(`${real}\0${size}\0${mtimeMs}`).digest('hex').slice(0, 24);
  } catch {
    return undefined;
  }
}

async function cxxDriver(cc: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const name = path.basename(cc).replace(/^clang(?=$|-)/, 'clang++');
  const beside = [path.join(path.dirname(cc), name)];
  try {
    beside.push(path.join(path.dirname(await realpath(cc)), 'clang++'));
  } catch {
    return undefined;
  }
  for (const file of beside) if (await isExecutable(file)) return file;
  return which(name, env);
}

async function findTools(cc: string, major: number, env: NodeJS.ProcessEnv): Promise<Clang['tools']> {
  const folders = [path.dirname(await realpath(cc)), path.dirname(cc)];
  const tools: { [name in LlvmTool]?: string } = {};
  for (const name of toolNames) {
    const beside = folders.flatMap((folder) => [
      path.join(folder, name === 'lld' ? 'ld.lld' : name),
      path.join(folder, `${name === 'lld' ? 'ld.lld' : name}-${major}`),
    ]);
    for (const file of beside) {
      if (await isExecutable(file)) {
        tools[name] = file;
        break;
      }
    }
    const onPath = tools[name] ?? (await which(`${name === 'lld' ? 'ld.lld' : name}-${major}`, env));
    if (onPath !== undefined) tools[name] = onPath;
  }
  return tools;
}

/** Whether there is such a file and this user may run it. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** First match on PATH and in the usual LLVM folders; a name with a slash is taken as a path. */
export async function which(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  return (await whichAll(name, env))[0];
}

/** All matches on PATH; a name with a slash is taken as a path. */
export async function whichAll(name: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  if (name.includes('/')) return (await isExecutable(name)) ? [path.resolve(name)] : [];
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const found: string[] = [];
  for (const folder of folders) {
    const file = path.join(folder, name);
    if (await isExecutable(file)) found.push(file);
  }
  return found;
}

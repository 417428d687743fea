import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutoPassError } from '../../errors.js';
import { which } from '../../toolchain/find-clang.js';
import { run } from '../../toolchain/run.js';
import type { Clang } from '../../toolchain/types.js';

const source = fileURLToPath(new URL('../../../templates/qemu/count-blocks.c', import.meta.url));
const flags = ['-O2', '-shared', '-fPIC', '-fvisibility=hidden', '-pthread', '-w'];
const timeoutMs = 120_000;

/**
 * The emulator plugin that counts, compiled for this machine the first time it is asked for.
 * @returns absolute path of a shared object in `cacheFolder`
 * @throws AutoPassError `NO_COMPILER`, `NO_COUNTER`
 */
export async function buildCounter(options: {
  readonly cacheFolder: string;
  /** Compiles it; the system's compiler when absent. */
  readonly clang?: Clang;
}): Promise<string> {
  const hash = createHash('sha256').update(await readFile(source));
  const key = hash
    .update(JSON.stringify([flags, process.arch]))
    .digest('hex')
    .slice(0, 16);
  const file = path.join(options.cacheFolder, `count-blocks-${key}.so`);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  const compiler = options.clang?.cc ?? (await which('cc')) ?? (await which('gcc')) ?? (await which('clang'));
  if (compiler === undefined) {
    throw new AutoPassError('NO_COMPILER', 'Counting instructions needs a C compiler for this machine.', {
      family: 'toolchain',
      hint: 'On Debian or Ubuntu: apt-get install gcc libc6-dev',
    });
  }
  await mkdir(options.cacheFolder, { recursive: true });
  const partial = `${file}.${process.pid}`;
  try {
    const result = await run([compiler, ...flags, '-o', partial, source], { timeoutMs });
    if (result.code !== 0) {
      const reason = result.spawnError ?? (result.timedOut ? 'it took more than two minutes' : result.stderr);
      throw new AutoPassError('NO_COUNTER', `${compiler} cannot compile ${source}: ${reason.trim()}`, {
        family: 'toolchain',
      });
    }
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  return file;
}

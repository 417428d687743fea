import { createHash } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readCache, writeCache } from './cache.js';
import { type Run, run } from './run.js';
import type { Compiler } from './types.js';

/**
 * Whether this compiler takes these arguments: it compiles an almost empty translation unit, exits with 0, writes an
 * object and says nothing. (Unknown `-mllvm` options beginning with `h` print help and exit 0 without an object.)
 * The answer is cached by the binary's identity.
 */
export async function acceptsArgs(
  compiler: Compiler,
  args: readonly string[],
  language: 'c' | 'c++' = 'c',
  options: { env?: NodeJS.ProcessEnv; run?: Run } = {},
): Promise<boolean> {
  if (args.length === 0) return true;
  const env = options.env ?? process.env;
  const digest = createHash('sha256')
    .update(JSON.stringify([language, ...args]))
    .digest('hex')
    .slice(0, 16);
  const key = `accepts-${compiler.identity}-${digest}`;
  const cached = await readCache(key, env, (value): value is boolean => typeof value === 'boolean');
  if (cached !== undefined) return cached;
  const answer = await compileProbe(compiler, args, language, options.run ?? run);
  if (answer !== 'timed-out') await writeCache(key, env, answer);
  return answer === true;
}

async function compileProbe(
  compiler: Compiler,
  args: readonly string[],
  language: 'c' | 'c++',
  runTool: Run,
): Promise<boolean | 'timed-out'> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-probe-'));
  try {
    const source = path.join(folder, language === 'c' ? 'probe.c' : 'probe.cc');
    const object = path.join(folder, 'probe.o');
    await writeFile(source, 'int autopass_probe(int x) { return x + 1; }\n');
    const driver = language === 'c' ? compiler.cc : compiler.cxx;
    const quiet = compiler.vendor === 'gnu' ? [] : ['-fno-crash-diagnostics'];
    const argv = [driver, '-O3', '-fPIC', ...quiet, ...args, '-c', source, '-o', object];
    const result = await runTool(argv, { timeoutMs: 20_000 });
    if (result.timedOut) return 'timed-out';
    if (result.code !== 0 || result.stderr !== '' || result.stdout !== '') return false;
    return await stat(object).then(
      (info) => info.size > 0,
      () => false,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import type { Config } from '../config/load.js';
import { run } from '../toolchain/run.js';

const timeoutMs = 30 * 60_000;

/** Runs the package's own tests on what is built now. @returns the last lines of what they printed when they fail. */
export async function testFailure(
  config: Config,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (config.test === undefined) return undefined;
  const result = await run(config.test, { cwd: config.packageRoot, timeoutMs, ...(signal && { signal }) });
  signal?.throwIfAborted();
  if (result.code === 0) return undefined;
  const lines = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n');
  return lines || (result.spawnError ?? `ended with ${result.signal ?? `exit code ${result.code}`}`);
}

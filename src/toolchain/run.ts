import { spawn } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Bytes kept of each stream; the rest is dropped. Default 4 MiB. */
  maxBytes?: number;
}

/** `code` is null when a signal ended the process; `spawnError` is set when it never started. */
export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly spawnError?: string;
}

export type Run = (argv: readonly string[], options?: RunOptions) => Promise<RunResult>;

/**
 * Runs one command without a shell and waits for it; never throws. The command leads its own process group, so
 * that a time-out or an abort ends its children too (a compiler driver starts `cc1` and the linker).
 */
export const run: Run = (argv, options = {}) =>
  new Promise((resolve) => {
    const [command, ...args] = argv;
    const limit = options.maxBytes ?? 4 * 1024 * 1024;
    const chunks = { stdout: collector(limit), stderr: collector(limit) };
    let timedOut = false;
    const finish = (code: number | null, signal: NodeJS.Signals | null, spawnError?: string): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      const result = { code, signal, stdout: chunks.stdout.text(), stderr: chunks.stderr.text(), timedOut };
      resolve(spawnError === undefined ? result : { ...result, spawnError });
    };
    const child = spawn(command ?? '', args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    const kill = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            kill();
          }, options.timeoutMs);
    if (options.signal?.aborted) kill();
    options.signal?.addEventListener('abort', kill, { once: true });
    child.stdout?.on('data', chunks.stdout.add);
    child.stderr?.on('data', chunks.stderr.add);
    child.on('error', (error) => finish(null, null, error.message));
    child.on('close', (code, signal) => finish(code, signal));
    if (options.input !== undefined) {
      child.stdin?.on('error', () => {});
      child.stdin?.end(options.input);
    }
  });

/** Why a tool ended as it did, in its own words where it has any. */
export function failureText(result: {
  stderr: string;
  timedOut: boolean;
  signal: string | null;
  spawnError?: string;
}): string {
  if (result.timedOut) return 'timed out';
  return result.stderr.trim() || result.spawnError || `ended by ${result.signal ?? 'an unknown cause'}`;
}

function collector(limit: number): { add(chunk: Buffer): void; text(): string } {
  const parts: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      if (size >= limit) return;
      parts.push(chunk);
      size += chunk.length;
    },
    text: () => Buffer.concat(parts).subarray(0, limit).toString('utf8'),
  };
}

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface ProcessRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Goes to standard input, which is empty without it. Destroyed when the process has ended. */
  readonly input?: Readable | undefined;
  /** Bytes of standard output that are kept, 32 MB by default. */
  readonly stdoutLimit?: number;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  /** From the start to the exit, in nanoseconds. */
  readonly elapsedNs: number;
  /** The last 8 KB. */
  readonly stderr: string;
  /** From its beginning, up to the limit. */
  readonly stdout: Buffer;
}

const stderrLimit = 8 * 1024;
const defaultStdoutLimit = 32 * 1024 * 1024;

/**
 * Runs a process in a group of its own and waits for its exit. Whatever it leaves behind is killed with it; so is all of it after
 * the time-out, on abort, and when this process ends.
 * @throws the reason of `signal` when aborted, and the spawn error when there is no such program.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessEnd> {
  request.signal?.throwIfAborted();
  const [program = '', ...args] = request.argv;
  const start = process.hrtime.bigint();
  const child = spawn(program, args, {
    cwd: request.cwd,
    env: { ...request.env },
    detached: true,
    stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const kill = () => killGroup(child);
  // A process need not read all of its input.
  child.stdin?.on('error', () => {});
  if (child.stdin !== null) request.input?.on('error', kill).pipe(child.stdin);
  const stdout = keepHead(child.stdout, request.stdoutLimit ?? defaultStdoutLimit);
  const stderr = keepTail(child.stderr, stderrLimit);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, request.timeoutMs);
  request.signal?.addEventListener('abort', kill);
  process.once('exit', kill);
  try {
    const end = await new Promise<Pick<ProcessEnd, 'code' | 'signal' | 'elapsedNs'>>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        resolve({ code, signal, elapsedNs: Number(process.hrtime.bigint() - start) }),
      );
    });
    kill();
    await closed(child);
    request.signal?.throwIfAborted();
    return { ...end, timedOut, stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', kill);
    process.removeListener('exit', kill);
    request.input?.destroy();
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/** Waits for the pipes; with the group killed only a process that left the group can hold them open. */
async function closed(child: ChildProcess): Promise<void> {
  const isClosed = () => (child.stdout?.closed ?? true) && (child.stderr?.closed ?? true);
  if (isClosed()) return;
  await new Promise<void>((resolve) => {
    const giveUp = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve();
    }, 500);
    child.once('close', () => {
      clearTimeout(giveUp);
      resolve();
    });
  });
}

function keepHead(stream: Readable | null, limit: number): () => Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (length < limit) chunks.push(chunk.subarray(0, limit - length));
    length += chunk.length;
  });
  return () => Buffer.concat(chunks);
}

function keepTail(stream: Readable | null, limit: number): () => string {
  let tail = Buffer.alloc(0);
  stream?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-limit);
  });
  return () => tail.toString('utf8').trim();
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.js';
import { type ProcessEnd, runProcess } from '../run-process.js';
import { lostDevice, noSsh, sshProblem } from './errors.js';
import type { DeviceAddress } from './parse-device.js';
import { remoteScript, sshCommand } from './ssh-command.js';

/** ssh itself failed, not what it ran. */
export class ConnectionLost extends Error {}

export interface SshOptions {
  readonly logger: Logger;
  /** Pauses before the attempts to come back after a lost connection. */
  readonly retryMs?: readonly number[] | undefined;
}

export interface SshCall {
  readonly args?: readonly string[];
  readonly input?: Readable;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** About a minute. */
const defaultRetryMs = [1000, 2000, 4000, 8000, 15_000, 30_000];
/** Past ssh's own limit: a login shell may never come to what it was asked. */
const connectTimeoutMs = 3 * 60_000;
const callTimeoutMs = 5 * 60_000;
const answerLimit = 1024 ** 3;
/** ssh's own exit code, and what its multiplexing gives when the connection ends under it. */
const sshFailed = 255;

/** One connection, which all calls share (`ControlMaster`), and which comes back when it is lost. */
export class SshConnection {
  /** How often the connection was made. */
  made = 0;
  private folder: string | undefined;
  private master: ChildProcess | undefined;

  constructor(
    readonly address: DeviceAddress,
    private readonly options: SshOptions,
  ) {}

  /**
   * Makes the connection when there is none.
   * @throws ConnectionLost when the device does not answer, AutoPassError when it never will.
   */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.master !== undefined && isRunning(this.master)) return;
    this.folder ??= await mkdtemp(path.join(os.tmpdir(), 'autopass-ssh-'));
    this.made++;
    // `cat` ends with its input: the connection does not outlive this process, however that ends.
    const [program = '', ...args] = this.command(true, remoteScript('echo autopass; exec cat'));
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {});
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-4096);
    });
    const stop = () => child.kill();
    signal?.addEventListener('abort', stop);
    const timer = setTimeout(stop, connectTimeoutMs);
    const isUp = await new Promise<boolean>((resolve, reject) => {
      let heard = '';
      child.stdout.on('data', (text: Buffer) => {
        heard = (heard + text.toString()).slice(-4096);
        if (heard.includes('autopass\n')) resolve(true);
      });
      child.once('error', (cause) => reject(noSsh(cause)));
      child.once('close', () => resolve(false));
    }).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    });
    signal?.throwIfAborted();
    if (!isUp) throw sshProblem(this.address, said) ?? new ConnectionLost(lastLine(said));
    this.master = child;
  }

  /**
   * Runs a script of one line there.
   * @throws ConnectionLost
   */
  async call(script: string, call: SshCall = {}): Promise<ProcessEnd> {
    const end = await runProcess({
      argv: this.command(false, remoteScript(script, call.args)),
      cwd: os.tmpdir(),
      env: process.env,
      timeoutMs: call.timeoutMs ?? callTimeoutMs,
      stdoutLimit: answerLimit,
      input: call.input,
      signal: call.signal,
    });
    if (end.timedOut) throw new ConnectionLost('no answer came');
    if (end.code === sshFailed || end.signal !== null) throw new ConnectionLost(lastLine(end.stderr));
    return end;
  }

  /**
   * Repeats a step for as long as the connection breaks under it.
   * @throws AutoPassError `DEVICE_LOST` when the device stays away.
   */
  async persist<T>(step: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { logger, retryMs = defaultRetryMs } = this.options;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.connect(signal);
        return await step();
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        signal?.throwIfAborted();
        const pause = retryMs[attempt];
        if (pause === undefined) throw lostDevice(this.address, error.message);
        logger.warn(
          `${this.address.url}: the connection was lost (${error.message}); trying again in ${pause / 1000} s`,
        );
        await this.drop();
        await sleep(pause, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted());
      }
    }
  }

  async close(): Promise<void> {
    await this.drop();
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
    this.folder = undefined;
  }

  private async drop(): Promise<void> {
    const { master } = this;
    this.master = undefined;
    if (master === undefined || !isRunning(master)) return;
    const gone = new Promise((resolve) => master.once('exit', resolve));
    master.kill('SIGTERM');
    await gone;
  }

  private command(isMaster: boolean, script: string): string[] {
    // A new socket for each connection: a broken one may leave its own behind.
    const control = { path: path.join(this.folder ?? '', String(this.made)), isMaster };
    return sshCommand(this.address, control, script, process.env);
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'ssh ended';
}

import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { AutoPassError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Inspection } from '../child/agent-protocol.js';
import type { ChildBinaries } from '../child/protocol.js';
import { copyPath, readVariant } from '../copies.js';
import { childProgram } from '../harness-file.js';
import { placeTask } from '../trial.js';
import { askAgent } from './ask-agent.js';
import type { DeviceJob, DeviceTrial } from './device.js';
import { FileStore } from './file-store.js';
import { isFolder, makeFolder, type RemotePlace, removeFolders } from './folder.js';
import { packageFiles } from './package-files.js';
import type { SshConnection } from './ssh-connection.js';
import { type ArchiveEntry, tarArchive } from './tar.js';
import { deviceWarnings } from './warnings.js';

/** For what the connection takes besides the trial itself, and for starting Node on a slow device. */
const graceMs = 3 * 60_000;
const copyTimeoutMs = 60 * 60_000;

/** One machine: its folder, and what has been copied there. */
export class SshDevice {
  private place: RemotePlace | undefined;
  /** The connection on which the folder was last seen. */
  private seenOn = 0;
  private readonly sent = new Set<string>();
  private readonly store = new FileStore();
  private trials = 0;
  private last: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly ssh: SshConnection,
    private readonly logger: Logger,
  ) {}

  async inspect(signal: AbortSignal | undefined): Promise<Inspection & RemotePlace> {
    await this.ssh.connect(signal);
    const place = await this.arrive(signal);
    const options = { timeoutMs: graceMs, signal };
    return { ...place, ...(await askAgent(this.ssh, place, { kind: 'inspect' }, options)) };
  }

  run(job: DeviceJob): Promise<DeviceTrial> {
    const turn = this.last.then(() => this.ssh.persist(() => this.trial(job), job.signal));
    this.last = turn.catch(() => {});
    return turn;
  }

  close(): Promise<void> {
    this.closing ??= this.last.then(() => this.leave());
    return this.closing;
  }

  private async trial(job: DeviceJob): Promise<DeviceTrial> {
    const { signal } = job;
    const place = await this.arrive(signal);
    const { folder } = place;
    const packageRoot = await realpath(job.place.packageRoot);
    const bench = await realpath(job.place.bench);
    await this.send(JSON.stringify([packageRoot, bench]), signal, () =>
      packageFiles({ packageRoot, bench, workDir: job.workDir }, 'tree'),
    );
    const inTree = (file: string) => `${folder}/tree${file}`;
    const trialFolder = `${folder}/trial-${this.trials++}`;
    const copies: { from: string; to: string }[] = [];
    const libraryPath: string[] = [];
    const variants: ChildBinaries[] = [];
    const needed = new Set<string>();
    for (const [number, variant] of job.variants.entries()) {
      const binaries: Record<string, string> = {};
      for (const [index, file] of (await readVariant(variant)).entries()) {
        const { content } = file;
        const hash = await this.store.keep(content, (name) =>
          this.copy([{ path: `store/${name}`, content }], signal),
        );
        const to = copyPath(number, index, file.original);
        needed.add(hash);
        copies.push({ from: `${folder}/store/${hash}`, to });
        binaries[inTree(file.original)] = `${trialFolder}/${to}`;
        libraryPath.push(...file.libraryPath.map(inTree));
      }
      variants.push(binaries);
    }
    const entry =
      job.place.entry && path.isAbsolute(job.place.entry) ? inTree(job.place.entry) : job.place.entry;
    const answer = await askAgent(
      this.ssh,
      place,
      {
        kind: 'trial',
        folder: trialFolder,
        copies,
        remove: this.store.evict(needed).map((hash) => `${folder}/store/${hash}`),
        spec: placeTask(
          job.task,
          { packageRoot: inTree(packageRoot), bench: inTree(bench), entry },
          variants,
          trialFolder,
        ),
        node: place.node,
        harness: `${folder}/harness.mjs`,
        environment: job.environment(libraryPath),
        pin: job.pin,
        timeoutMs: job.timeoutMs,
      },
      { timeoutMs: job.timeoutMs + graceMs, signal },
    );
    return { ...answer.trial, warnings: deviceWarnings(this.ssh.address.url, answer) };
  }

  /** Makes the folder, again where a restart of the device has removed it. */
  private async arrive(signal: AbortSignal | undefined): Promise<RemotePlace> {
    if (this.place !== undefined && this.seenOn !== this.ssh.made) {
      if (!(await isFolder(this.ssh, this.place.folder, signal))) this.place = undefined;
    }
    if (this.place === undefined) {
      this.sent.clear();
      this.store.clear();
      this.place = await makeFolder(this.ssh, signal);
    }
    this.seenOn = this.ssh.made;
    await this.send('programs', signal, programs);
    return this.place;
  }

  /** Copies something, once. */
  private async send(
    what: string,
    signal: AbortSignal | undefined,
    list: () => Promise<readonly ArchiveEntry[]>,
  ): Promise<void> {
    if (this.sent.has(what)) return;
    await this.copy(await list(), signal);
    this.sent.add(what);
  }

  private async copy(entries: readonly ArchiveEntry[], signal: AbortSignal | undefined): Promise<void> {
    const { code, stderr } = await this.ssh.call('cd "$1" && tar -xf -', {
      args: [this.place?.folder ?? ''],
      input: Readable.from(tarArchive(entries)),
      timeoutMs: copyTimeoutMs,
      signal,
    });
    if (code === 0) return;
    throw new AutoPassError(
      'DEVICE_COPY',
      `Copying to ${this.ssh.address.url} failed: ${stderr.split('\n').at(-1)}`,
      { hint: `Is there room in ${this.place?.folder}?` },
    );
  }

  private async leave(): Promise<void> {
    const { folder } = this.place ?? {};
    try {
      if (folder === undefined) return;
      await this.ssh.connect(undefined);
      if (!(await removeFolders(this.ssh, [folder]))) throw new Error('rm failed');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `${folder} is left on ${this.ssh.address.url} (${reason}); the next session there removes it`,
      );
    } finally {
      await this.ssh.close();
    }
  }
}

/** The agent and the harness, each one file. */
async function programs(): Promise<ArchiveEntry[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-programs-'));
  try {
    const entries: ArchiveEntry[] = [];
    for (const name of ['agent', 'harness'] as const) {
      entries.push({ path: `${name}.mjs`, content: await readFile(await childProgram(name, folder)) });
    }
    return entries;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../build/support.js';

const program = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find((file) => existsSync(file));

/** This machine as a device: an sshd on 127.0.0.1 that knows one key, and a configuration for ssh. */
export class LoopbackDevice {
  url = '';
  /** What the device takes for its folder of temporary files. */
  readonly tmp: string;
  private server: ChildProcess | undefined;
  private port = 0;

  private constructor(private readonly folder: string) {
    this.tmp = path.join(folder, 'tmp');
    mkdirSync(this.tmp);
  }

  static async start(): Promise<LoopbackDevice> {
    if (program === undefined) {
      throw new Error('these tests need sshd (Debian: openssh-server): sh src/dev/setup.sh --tests');
    }
    // sshd of root refuses to start without it.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const device = new LoopbackDevice(await temporaryFolder('sshd'));
    for (const name of ['host', 'user', 'stranger']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(device.folder, name)]);
    }
    device.port = await freePort();
    device.url = `ssh://${os.userInfo().username}@127.0.0.1:${device.port}`;
    const hostKey = readFileSync(path.join(device.folder, 'host.pub'), 'utf8');
    writeFileSync(path.join(device.folder, 'known'), `[127.0.0.1]:${device.port} ${hostKey}`);
    await device.listen();
    return device;
  }

  /** A configuration file for ssh, with these of the keys and lists of hosts. */
  config(key: 'user' | 'stranger' = 'user', known = 'known'): string {
    const file = path.join(this.folder, `config-${key}-${known}`);
    const lines = [
      'Host *',
      `  UserKnownHostsFile ${path.join(this.folder, known)}`,
      '  GlobalKnownHostsFile /dev/null',
      `  IdentityFile ${path.join(this.folder, key)}`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** Starts the server; `PATH` of the commands it runs can be given. */
  async listen(commandPath = `${path.dirname(process.execPath)}:${process.env.PATH}`): Promise<void> {
    const file = path.join(this.folder, 'sshd_config');
    const lines = [
      `Port ${this.port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${path.join(this.folder, 'host')}`,
      `AuthorizedKeysFile ${path.join(this.folder, 'user.pub')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'UseDNS no',
      'LoginGraceTime 0',
      'PidFile none',
      // With this level bash does not read the user's .bashrc, which may change PATH.
      `SetEnv "PATH=${commandPath}" "TMPDIR=${this.tmp}" SHELL=/bin/false SHLVL=2`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const server = spawn(program ?? '', ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      server.stderr.on('data', (text: Buffer) => {
        said += text.toString();
        if (said.includes('Server listening')) resolve();
      });
      server.once('exit', () => reject(new Error(`sshd did not start:\n${said}`)));
    });
    this.server = server;
  }

  /** Starts the server on a device whose Node is this command. */
  async listenWithNode(argv: readonly string[]): Promise<void> {
    const bin = path.join(this.folder, 'bin');
    mkdirSync(bin);
    const words = argv.map((word) => `'${word}'`).join(' ');
    writeFileSync(path.join(bin, 'node'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    await this.stop();
    await this.listen(`${bin}:${process.env.PATH}`);
  }

  /** Ends the server and removes all of its files. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Cuts all connections, on both sides, as a reset of the network would. */
  cut(): void {
    const masters = processes().filter(
      ({ pid, parent, name }) => parent === process.pid && name === 'ssh' && isMaster(pid),
    );
    for (const { pid } of [...masters, ...this.connections()]) kill(pid);
  }

  /** Nobody answers any more. */
  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    const connections = this.connections();
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
    for (const { pid } of connections) kill(pid);
    this.server = undefined;
  }

  /** Names in the device's folder of temporary files. */
  left(): string[] {
    return readdirSync(this.tmp).filter((name) => name.startsWith('autopass-'));
  }

  /** The server's processes that hold connections, but not what runs in them. */
  private connections(): Process[] {
    const all = processes();
    const found: Process[] = [];
    const parents = [this.server?.pid];
    for (const pid of parents) {
      const children = all.filter(({ parent, name }) => parent === pid && name.startsWith('sshd'));
      found.push(...children);
      parents.push(...children.map((child) => child.pid));
    }
    return found;
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

function processes(): Process[] {
  return readdirSync('/proc').flatMap((entry) => {
    const [, name = '', parent] = /^\d+ \((.*)\) \S (\d+)/.exec(read(`/proc/${entry}/stat`)) ?? [];
    return parent === undefined ? [] : [{ pid: Number(entry), parent: Number(parent), name }];
  });
}

function isMaster(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`).includes('ControlMaster=yes');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself, with the others.
  }
}

/** Waits until there is no such process. */
export async function ended(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(read(`/proc/${pid}/stat`))) await sleep(100);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

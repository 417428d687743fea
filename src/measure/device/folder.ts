import { createHash } from 'node:crypto';
import os from 'node:os';
import { isAlive } from '../../build/sync-lock.js';
import { AutoPassError } from '../../errors.js';
import type { SshConnection } from './ssh-connection.js';

/** Where a session is on the device. */
export interface RemotePlace {
  /** Absolute real path; removed with all that is in it. */
  readonly folder: string;
  /** Absolute path of the device's Node. */
  readonly node: string;
  readonly nodeVersion: string;
}

const oldestNode = [20, 19] as const;

/** Folders are named after the machine and the process that made them, so that later sessions know which ones nobody needs any more. */
const machine = `autopass-device-${createHash('sha256').update(os.hostname()).digest('hex').slice(0, 8)}`;

/** `$1`: how folders of this machine begin, `$2`: this process. Removes what has not been used for a day. */
const arrive = [
  'n=$(command -v node || "$SHELL" -lc "command -v node" 2>/dev/null | tail -n 1)',
  'echo "autopass:node=$n"',
  '[ -n "$n" ] || exit 0',
  'echo "autopass:version=$("$n" --version)"',
  'command -v tar >/dev/null || exit 0',
  't=$TMPDIR',
  '[ -n "$t" ] || t=/tmp',
  'find "$t/" -maxdepth 1 -name "autopass-device-*" -mtime +0 -exec rm -rf {} + 2>/dev/null',
  'for f in "$t/$1"-*; do if [ -d "$f" ]; then echo "autopass:other=$f"; fi; done',
  'f=$(mktemp -d "$t/$1-$2-XXXXXX") && cd "$f" && echo "autopass:folder=$(pwd -P)"',
].join('; ');

/**
 * Looks for Node, makes a temporary folder, and removes those that killed sessions left.
 * @throws ConnectionLost; AutoPassError `DEVICE_NO_NODE`, `DEVICE_NO_TAR`, `DEVICE_COPY`
 */
export async function makeFolder(ssh: SshConnection, signal: AbortSignal | undefined): Promise<RemotePlace> {
  const { url } = ssh.address;
  const end = await ssh.call(arrive, { args: [machine, String(process.pid)], signal });
  const found = (name: string) =>
    [...end.stdout.toString().matchAll(new RegExp(`^autopass:${name}=(.+)$`, 'gm'))].map(
      ([, value = '']) => value,
    );
  const [node] = found('node');
  const [nodeVersion = ''] = found('version');
  const [major = 0, minor = 0] = nodeVersion.slice(1).split('.').map(Number);
  if (node === undefined || major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    const what = node === undefined ? 'has no Node' : `has Node ${nodeVersion} only`;
    throw new AutoPassError('DEVICE_NO_NODE', `${url} ${what}.`, {
      hint: `Install Node ${oldestNode.join('.')} or newer there, so that "node --version" works in a command given to ssh.`,
    });
  }
  const [folder] = found('folder');
  if (folder === undefined) {
    const reason = end.stderr.split('\n').at(-1) || 'there is no tar';
    throw new AutoPassError('DEVICE_COPY', `Nothing can be copied to ${url}: ${reason}`, {
      hint: 'The device needs tar and room in its folder for temporary files.',
    });
  }
  const dead = found('other').filter((other) => {
    const pid = Number(other.slice(other.lastIndexOf(machine) + machine.length + 1).split('-')[0]);
    return pid > 0 && !isAlive(pid);
  });
  if (dead.length > 0) await removeFolders(ssh, dead);
  return { folder, node, nodeVersion: nodeVersion.slice(1) };
}

/** Whether all are gone. A process that is being killed may still write. @throws ConnectionLost */
export async function removeFolders(ssh: SshConnection, folders: readonly string[]): Promise<boolean> {
  const script = 'for i in 1 2 3 4 5; do rm -rf -- "$@" && exit 0; sleep 1; done; exit 1';
  return (await ssh.call(script, { args: folders })).code === 0;
}

/** @throws ConnectionLost */
export async function isFolder(
  ssh: SshConnection,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return (await ssh.call('[ -d "$1" ]', { args: [folder], signal })).code === 0;
}

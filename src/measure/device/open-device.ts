import { AutoPassError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { detectHost, type HostTarget, targetName } from '../../target/host.js';
import { formatTarget, type Target } from '../../target/target.js';
import type { Device } from './device.js';
import { unreachableDevice } from './errors.js';
import { parseDevice } from './parse-device.js';
import { ConnectionLost, SshConnection } from './ssh-connection.js';
import { SshDevice } from './ssh-device.js';

export interface DeviceOptions {
  readonly logger: Logger;
  /** When aborted, the device is closed. */
  readonly signal?: AbortSignal | undefined;
  /** What the device must run. */
  readonly target?: Target | undefined;
  /** Pauses before the attempts to come back after a lost connection, in milliseconds; about a minute by default. */
  readonly retryMs?: readonly number[] | undefined;
}

/**
 * Connects to `ssh://user@host:port` with the system's ssh and looks at what is there.
 * @throws AutoPassError `BAD_DEVICE`, `NO_SSH`, `DEVICE_UNREACHABLE`, `DEVICE_HOST_KEY`, `DEVICE_NO_KEY`, `DEVICE_NO_NODE`, `DEVICE_COPY`,
 * `DEVICE_WRONG_MACHINE`
 */
export async function openDevice(url: string, options: DeviceOptions): Promise<Device> {
  const { logger, signal, target, retryMs } = options;
  signal?.throwIfAborted();
  const address = parseDevice(url);
  const ssh = new SshConnection(address, { logger, retryMs });
  const device = new SshDevice(ssh, logger);
  try {
    const { facts, node, nodeVersion } = await device.inspect(signal);
    const host = detectHost(facts);
    if (target !== undefined) requireMachine(url, host, target);
    const stop = () => void device.close();
    signal?.addEventListener('abort', stop, { once: true });
    return {
      url,
      host,
      node: { path: node, version: nodeVersion },
      parallel: 1,
      run: (job) => device.run(job),
      close() {
        signal?.removeEventListener('abort', stop);
        return device.close();
      },
    };
  } catch (error) {
    await device.close();
    if (error instanceof ConnectionLost) throw unreachableDevice(address, error.message);
    throw error;
  }
}

function requireMachine(url: string, host: HostTarget, target: Target): void {
  const isRight =
    host.os === target.os &&
    host.libc === target.libc &&
    host.arch === target.arch &&
    host.levels.includes(target.level);
  if (isRight) return;
  throw new AutoPassError(
    'DEVICE_WRONG_MACHINE',
    `${url} does not run code for ${formatTarget(target)}: it is ${targetName(host, host.levels[0] ?? 'unknown')}.`,
    { hint: 'Name a device of that kind, or another --target.' },
  );
}

import { AutoPassError } from '../../errors.js';
import type { DeviceAddress } from './parse-device.js';

/** There is no ssh here. */
export function noSsh(cause: unknown): AutoPassError {
  return new AutoPassError('NO_SSH', `ssh could not be started: ${String(cause)}`, {
    cause,
    family: 'toolchain',
    hint: 'On Debian or Ubuntu: apt-get install openssh-client',
  });
}

/** What ssh's words mean when no further attempt will help; undefined for what may pass. */
export function sshProblem(address: DeviceAddress, said: string): AutoPassError | undefined {
  const { url } = address;
  if (/HOST IDENTIFICATION HAS CHANGED/.test(said)) {
    return new AutoPassError('DEVICE_HOST_KEY', `${url} shows another host key than it did before.`, {
      hint: `If the device was set up anew: ssh-keygen -R ${address.host}`,
    });
  }
  if (/Host key verification failed|host key is known/.test(said)) {
    return new AutoPassError('DEVICE_HOST_KEY', `ssh does not know the host key of ${url} yet.`, {
      hint: `Connect once by hand and compare it: ${byHand(address)}`,
    });
  }
  if (/Permission denied|Too many authentication failures|No more authentication methods/.test(said)) {
    return new AutoPassError('DEVICE_NO_KEY', `${url} accepts none of this machine's keys.`, {
      hint: `Nobody can type a password while measuring. Set a key up with: ssh-copy-id ${byHand(address).slice(4)}`,
    });
  }
  return undefined;
}

/** The device does not answer any more. */
export function lostDevice({ url }: DeviceAddress, reason: string): AutoPassError {
  return new AutoPassError('DEVICE_LOST', `${url} does not answer any more: ${reason}`, {
    hint: 'The journal keeps what was measured: once the device is back, autopass tune goes on where it stopped.',
  });
}

/** It never answered. */
export function unreachableDevice(address: DeviceAddress, reason: string): AutoPassError {
  return new AutoPassError('DEVICE_UNREACHABLE', `${address.url} cannot be reached: ${reason}`, {
    hint: `See whether this works: ${byHand(address)} true`,
  });
}

function byHand({ host, user, port }: DeviceAddress): string {
  const name = user === undefined ? host : `${user}@${host}`;
  return port === undefined ? `ssh ${name}` : `ssh -p ${port} ${name}`;
}

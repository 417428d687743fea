import { AutoPassError } from '../../errors.js';
import type { Device, DeviceJob } from './device.js';
import { type DeviceOptions, openDevice } from './open-device.js';

/**
 * Opens devices of one kind as one, which runs a trial on each at the same time. What is compared within a turn of timing runs on one of them, also
 * where every variant has a process of its own.
 * @throws AutoPassError `DEVICES_DIFFER`, and as `openDevice`
 */
export async function openDevices(urls: readonly string[], options: DeviceOptions): Promise<Device> {
  const opening = await Promise.allSettled(urls.map((url) => openDevice(url, options)));
  const devices = opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const close = async () => void (await Promise.all(devices.map((device) => device.close())));
  const failed = opening.find((one) => one.status === 'rejected');
  const [first] = devices;
  const other = devices.find(({ host }) => JSON.stringify(host) !== JSON.stringify(first?.host));
  if (failed !== undefined || first === undefined || other !== undefined) {
    await close();
    throw failed?.reason ?? differing(first?.url, other?.url);
  }
  const running = devices.map(() => 0);
  const choose = ({ task }: DeviceJob): number =>
    task.kind === 'time' ? task.turn % devices.length : running.indexOf(Math.min(...running));
  return {
    url: urls.join(' '),
    host: first.host,
    node: first.node,
    parallel: devices.length,
    async run(job) {
      const index = choose(job);
      running[index] = (running[index] ?? 0) + 1;
      try {
        return await (devices[index] ?? first).run(job);
      } finally {
        running[index] = (running[index] ?? 0) - 1;
      }
    },
    close,
  };
}

function differing(first: string | undefined, other: string | undefined): AutoPassError {
  if (other === undefined) return new AutoPassError('NO_DEVICE', 'No device was named.');
  return new AutoPassError('DEVICES_DIFFER', `${first} and ${other} are different machines.`, {
    hint: 'What is measured on one says nothing about the other: name devices of one kind only.',
  });
}

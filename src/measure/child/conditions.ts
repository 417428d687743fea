import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** What decides how fast a machine is just now; absent where the system does not tell. */
export interface Conditions {
  /** Of the hottest sensor. */
  readonly celsius?: number | undefined;
  /** The core whose clock is nearest to its highest, in kHz. */
  readonly clock?: { readonly khz: number; readonly highestKhz: number } | undefined;
  /** Load average of the last minute, over all cores. */
  readonly load?: number | undefined;
  readonly cores: number;
}

/** Reads Linux' sensors, clocks and load. `root`: where `sys` and `proc` are. */
export async function readConditions(root = '/'): Promise<Conditions> {
  const zones = await readEach(join(root, 'sys/class/thermal'), /^thermal_zone\d+$/, 'temp');
  // In thousandths; some sensors give nonsense when they are off.
  const celsius = zones.map((value) => value / 1000).filter((value) => value > 0 && value < 150);
  const folder = join(root, 'sys/devices/system/cpu');
  const current = await readEach(folder, /^cpu\d+$/, 'cpufreq/scaling_cur_freq');
  const highest = await readEach(folder, /^cpu\d+$/, 'cpufreq/scaling_max_freq');
  const clocks = current
    .map((khz, core) => ({ khz, highestKhz: highest[core] ?? Number.NaN }))
    .filter(({ khz, highestKhz }) => khz > 0 && highestKhz > 0)
    .sort((a, b) => b.khz / b.highestKhz - a.khz / a.highestKhz);
  const load = Number.parseFloat(await readText(join(root, 'proc/loadavg')));
  return {
    celsius: celsius.length === 0 ? undefined : Math.max(...celsius),
    clock: clocks[0],
    load: Number.isNaN(load) ? undefined : load,
    cores: availableParallelism(),
  };
}

/** The number in `file` of every matching subfolder; NaN where there is none. */
async function readEach(folder: string, name: RegExp, file: string): Promise<number[]> {
  const names = (await readdir(folder).catch(() => [])).filter((entry) => name.test(entry));
  return Promise.all(
    names.map(async (entry) => Number.parseFloat(await readText(join(folder, entry, file)))),
  );
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

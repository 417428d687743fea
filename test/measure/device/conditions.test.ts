import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Conditions, readConditions } from '../../../src/measure/child/conditions.js';
import { deviceWarnings } from '../../../src/measure/device/warnings.js';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'autopass-conditions-'));
});

afterEach(() => rm(root, { recursive: true }));

/** A board with sensors, clocks in kHz as [current, highest], and a load. */
async function board(celsius: number[], clocks: [number, number][], load: number): Promise<Conditions> {
  const files = new Map([['proc/loadavg', `${load} 0.10 0.05 1/100 4242\n`]]);
  for (const [index, value] of celsius.entries()) {
    files.set(`sys/class/thermal/thermal_zone${index}/temp`, `${value * 1000}\n`);
  }
  for (const [core, [khz, highest]] of clocks.entries()) {
    const folder = `sys/devices/system/cpu/cpu${core}/cpufreq`;
    files.set(`${folder}/scaling_cur_freq`, `${khz}\n`).set(`${folder}/scaling_max_freq`, `${highest}\n`);
  }
  for (const [name, text] of files) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  return { ...(await readConditions(root)), cores: 4 };
}

function kinds(before: Conditions, after: Conditions, more = {}): string[] {
  return [...deviceWarnings('board', { before, after, isBusy: false, ...more }).keys()];
}

it('reads the hottest sensor, the fastest core and the load', async () => {
  const found = await board(
    [41, 200, 63.5],
    [
      [600_000, 1_800_000],
      [1_500_000, 1_500_000],
    ],
    0.75,
  );
  expect(found).toEqual({
    celsius: 63.5,
    clock: { khz: 1_500_000, highestKhz: 1_500_000 },
    load: 0.75,
    cores: 4,
  });
});

it('reads nothing where the system tells nothing', async () => {
  const { cores, ...rest } = await readConditions(root);
  expect(cores).toBeGreaterThan(0);
  expect(rest).toEqual({ celsius: undefined, clock: undefined, load: undefined });
  expect(kinds({ ...rest, cores }, { ...rest, cores })).toEqual([]);
});

it('warns of heat, a lowered clock, other work, and cores that cannot be chosen', async () => {
  const fine = await board([50], [[1_800_000, 1_800_000]], 1.4);
  expect(kinds(fine, fine, { isPinned: true })).toEqual([]);
  expect(kinds(fine, fine, { isBusy: true })).toEqual(['board busy']);
  expect(kinds(fine, fine, { isPinned: false })).toEqual(['board unpinned']);
  const throttled = await board([84], [[1_200_000, 1_800_000]], 4);
  expect(kinds(fine, throttled)).toEqual(['board hot', 'board slow']);
  expect(kinds(throttled, fine)).toEqual(['board busy']);
  // The kernel lowers the limit itself when it is too hot.
  const limited = await board([70], [[1_200_000, 1_200_000]], 1);
  expect(kinds(fine, limited)).toEqual(['board slow']);
  const [line] = deviceWarnings('board', { before: fine, after: limited, isBusy: false }).values();
  expect(line).toContain('ran at 1200 of 1800 MHz');
});

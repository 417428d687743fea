import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Load of the machine before anything is measured. */
export interface Busyness {
  /** Load average of the last minute, over all cores. */
  readonly load: number;
  /** Share of time, 0 to 1, in which each core this process may use was busy just now. Empty where the system does not tell. */
  readonly cores: ReadonlyMap<number, number>;
  /** Less than one core is free, so that measurements suffer. */
  readonly busy: boolean;
}

/** A core counts as busy when it works for more than this share of the time. */
const busyShare = 0.25;

/** Watches the cores for `watchMs`. */
export async function busyness(watchMs = 200): Promise<Busyness> {
  const before = coreTimes();
  await sleep(watchMs);
  const after = coreTimes();
  const allowed = allowedCores();
  const cores = new Map<number, number>();
  for (const [core, end] of after) {
    const start = before.get(core);
    if (start === undefined || (allowed !== undefined && !allowed.has(core))) continue;
    const total = end.total - start.total;
    cores.set(core, total > 0 ? 1 - (end.idle - start.idle) / total : 0);
  }
  const [load = 0] = loadavg();
  const busy = cores.size > 0 ? Math.min(...cores.values()) > busyShare : load > 1;
  return { load, cores, busy };
}

/** How to start a process on the core that is least busy; nothing where that cannot be done. */
export function pinning({ cores }: Busyness, env: NodeJS.ProcessEnv): string[] {
  const [least] = [...cores].sort(([, a], [, b]) => a - b);
  const taskset = (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'taskset'))
    .find((file) => existsSync(file));
  return least === undefined || taskset === undefined ? [] : [taskset, '-c', String(least[0])];
}

/** Jiffies per core from `/proc/stat`: user nice system idle iowait irq softirq steal. */
function coreTimes(): Map<number, { total: number; idle: number }> {
  const times = new Map<number, { total: number; idle: number }>();
  for (const line of readLines('/proc/stat')) {
    const core = /^cpu(\d+) (.*)$/.exec(line);
    if (core === null) continue;
    const fields = (core[2] ?? '').split(' ').slice(0, 8).map(Number);
    const total = fields.reduce((sum, value) => sum + value, 0);
    times.set(Number(core[1]), { total, idle: (fields[3] ?? 0) + (fields[4] ?? 0) });
  }
  return times;
}

function allowedCores(): Set<number> | undefined {
  const line = readLines('/proc/self/status').find((text) => text.startsWith('Cpus_allowed_list:'));
  if (line === undefined) return undefined;
  const cores = new Set<number>();
  for (const range of line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(',')) {
    const [first = 0, last = first] = range.split('-').map(Number);
    for (let core = first; core <= last; core++) cores.add(core);
  }
  return cores;
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

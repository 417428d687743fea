import type { AgentTrial } from '../child/agent-protocol.js';
import type { Conditions } from '../child/conditions.js';

/** Boards and phones slow their cores down from about here on. */
const hotCelsius = 80;

/** Under full load a core runs at its highest clock, unless it is held back. */
const leastClockShare = 0.9;

/** What was wrong with the device during a trial: kind of trouble → one line. */
export function deviceWarnings(
  device: string,
  { before, after, isBusy, isPinned }: Pick<AgentTrial, 'before' | 'after' | 'isBusy' | 'isPinned'>,
): Map<string, string> {
  const warnings = new Map<string, string>();
  const warn = (kind: string, text: string) => warnings.set(`${device} ${kind}`, `${device} ${text}`);
  const { celsius, clock } = after;
  if (celsius !== undefined && celsius >= hotCelsius) {
    warn('hot', `is hot (${Math.round(celsius)} °C) and may slow down: cool it, or expect wide intervals`);
  }
  const wasHighest = before.clock?.highestKhz ?? 0;
  if (
    clock !== undefined &&
    (clock.khz < leastClockShare * clock.highestKhz || clock.highestKhz < wasHighest)
  ) {
    const highest = Math.max(clock.highestKhz, wasHighest);
    warn(
      'slow',
      `ran at ${mhz(clock.khz)} of ${mhz(highest)} MHz: it throttles, or its governor saves power ("performance" is the one to measure with)`,
    );
  }
  if (isBusy || isLoaded(before)) {
    const load = before.load === undefined ? '' : ` (load ${before.load.toFixed(1)})`;
    warn('busy', `is busy${load}: stop other programs there, or expect wide intervals`);
  }
  if (isPinned === false) warn('unpinned', 'has no taskset: processes are not pinned to a core');
  return warnings;
}

/** Half of the cores have other work; the trials before this one count for one. */
function isLoaded({ load = 0, cores }: Conditions): boolean {
  return load - 1 > cores / 2;
}

function mhz(khz: number): number {
  return Math.round(khz / 1000);
}

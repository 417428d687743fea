import { basename } from 'node:path';
import type { OpenBinary, Tally } from './samples.js';

/** Below this share of the benchmark's time no compiler setting can make a visible difference. */
const enoughShare = 0.05;
/** Symbols of the addon found running elsewhere matter from this share of the time. */
const interposedShare = 0.03;

/** What a user should know about where the time goes, before anything is tuned. */
export function shareWarnings(tally: Tally, addonShare: number, binaries: readonly OpenBinary[]): string[] {
  const warnings: string[] = [];
  const names = binaries.map(({ binary }) => basename(binary.loaded)).join(', ');
  if (!tally.loaded) warnings.push(`the benchmark never loaded ${names}: is there a JavaScript fallback?`);
  else if (addonShare < enoughShare) {
    warnings.push(
      `only ${percent(addonShare)} of the benchmark's time is spent in ${names}: no compiler setting can change the rest`,
    );
  }
  const defined = new Set(
    binaries
      .flatMap(({ linked }) => linked.objects)
      .flatMap(({ functions }) =>
        functions.filter((entry) => entry.binding !== 'local').map((entry) => entry.name),
      ),
  );
  for (const [path, counts] of tally.outside) {
    const shared = [...counts].filter(([name]) => defined.has(name)).sort((a, b) => b[1] - a[1]);
    const share = tally.total === 0 ? 0 : shared.reduce((count, [, part]) => count + part, 0) / tally.total;
    if (share < interposedShare) continue;
    const examples = shared
      .slice(0, 3)
      .map(([name]) => name)
      .join(', ');
    warnings.push(
      `${percent(share)} of the time is in functions of ${basename(path)} that the addon defines too (${examples}): ` +
        'its own copies do not run; link the addon with -Wl,-Bsymbolic',
    );
  }
  return warnings;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

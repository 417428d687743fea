import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../levers/types.js';
import type { TrialOutcome } from '../policy/types.js';
import type { Ratio, TuneResult, UnitResult } from '../tune/result.js';
import { formatRatio, levers, times } from './summary.js';

/** A trial as the journal tells it. */
export interface TriedConfiguration {
  readonly configuration: Configuration;
  readonly outcome: TrialOutcome;
  /** Over clang -O3, where it was measured. */
  readonly speedup?: number;
  /** Evidence, lever, expected effect. */
  readonly reason: string;
}

export interface Explanation {
  readonly tus: readonly UnitResult[];
  readonly leverGains: TuneResult['leverGains'];
  /** Trials by what they were made on: a translation unit, or all hot files at once. */
  readonly tried: ReadonlyMap<string, readonly TriedConfiguration[]>;
}

/** What every file was given and why, and then all that was tried. */
export function formatExplanation(explanation: Explanation): string {
  const { tus, tried } = explanation;
  const results = tus.map((unit) => formatUnit(unit, explanation));
  const scopes = [...tried].map(([scope, trials]) => formatTrials(scope, trials));
  const note = 'Speedups of trials are over clang -O3 on tuning inputs; confirmed ones are in autopass.lock.';
  return [...results, ...scopes, note].join('\n\n');
}

function formatUnit(unit: UnitResult, explanation: Explanation): string {
  const name = unit.object === undefined ? unit.file : `${unit.file} (${unit.object})`;
  const time = `${Math.round(unit.share * 100)} % of the addon's time`;
  if (unit.verdict === 'stock') return `${name}, ${time}: stays with the stock compiler (${unit.reason})`;
  return [
    `${name}, ${time}: ${levers(unit.levers)}`,
    `  over stock  ${formatRatio(unit.vsStock)}`,
    `  over -O3    ${formatRatio({ ratio: unit.speedup, ci: unit.ci })}`,
    ...Object.keys(unit.levers).map((lever) => formatLever(lever, unit, explanation)),
  ].join('\n');
}

function formatLever(lever: string, unit: UnitResult, { leverGains, tried }: Explanation): string {
  const value = unit.levers[lever];
  const gain = leverGains[lever];
  return [
    `  ${levers({ [lever]: value })}${gain === undefined ? '' : `: the addon is ${contribution(gain)} as without it`}`,
    `      ${reasonFor(lever, value, [...tried.values()].flat()) ?? 'from an earlier session'}`,
  ].join('\n');
}

function contribution({ ratio, ci }: Ratio): string {
  return `${times(ratio)} as fast (${ci[0].toFixed(3)} to ${ci[1].toFixed(3)})`;
}

/** Of the trials that had the lever with this value, the first that won, or else the first. */
function reasonFor(lever: string, value: unknown, trials: readonly TriedConfiguration[]): string | undefined {
  const having = trials.filter(({ configuration }) => isDeepStrictEqual(configuration[lever], value));
  return (having.find(({ outcome }) => outcome === 'faster') ?? having[0])?.reason;
}

function formatTrials(scope: string, trials: readonly TriedConfiguration[]): string {
  const own = trials.filter(({ outcome }) => outcome !== 'identical').length;
  const sorted = [...trials].sort((a, b) => (b.speedup ?? 0) - (a.speedup ?? 0));
  return [
    `${scope}: ${trials.length} configurations tried, ${own} with code of their own`,
    ...sorted.map(({ configuration, outcome, speedup, reason }) =>
      [
        `  ${speedup === undefined ? '      ' : times(speedup)}  ${outcome.padEnd(12)}  ${levers(configuration)}`,
        `            ${reason}`,
      ].join('\n'),
    ),
  ].join('\n');
}

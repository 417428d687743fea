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
  /** Which part of the policy proposed it. */
  readonly origin: string;
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
    ...reasonsFor(lever, value, [...tried.values()].flat()).map((reason) => `      ${reason}`),
  ].join('\n');
}

function contribution({ ratio, ci }: Ratio): string {
  return `${times(ratio)} as fast (${ci[0].toFixed(3)} to ${ci[1].toFixed(3)})`;
}

/** Proposals that go on from trials; what first spoke for a lever is the reason of another one. */
const followUp = /^(?:combine|neighbour|prune)\b/;

/** The evidence that spoke for the lever, and, where its value came from trials of another one, that as well. */
function reasonsFor(lever: string, value: unknown, trials: readonly TriedConfiguration[]): string[] {
  const having = trials
    .filter(({ configuration }) => lever in configuration)
    .map((trial) => ({ trial, rank: rankFor(lever, trial) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ trial }) => trial);
  const exact = having.find(({ configuration }) => isDeepStrictEqual(configuration[lever], value));
  if (exact === undefined) return ['from an earlier session'];
  const first = followUp.test(exact.origin) ? having[0] : exact;
  return [...new Set([first?.reason ?? exact.reason, exact.reason])];
}

/** Lowest for a trial that was made for the lever, and won. */
function rankFor(lever: string, { origin, outcome, reason }: TriedConfiguration): number {
  const isOfLever = reason.includes(`${lever}=`);
  return (followUp.test(origin) ? 4 : 0) + (isOfLever ? 0 : 2) + (outcome === 'faster' ? 0 : 1);
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

import { isDeepStrictEqual } from 'node:util';
import { gccLevel } from '../levers/gcc.js';
import { profileLevers } from '../levers/profiles.js';
import type { Configuration } from '../levers/types.js';
import type { TrialOutcome } from '../policy/types.js';
import { keyOf, type Ratio, type TuneResult, type UnitResult } from '../tune/result.js';
import { addonScope } from '../tune/scopes.js';
import { formatRatio, levers, times } from './summary.js';

/** A trial as the journal tells it. */
export interface TriedConfiguration {
  readonly configuration: Configuration;
  readonly outcome: TrialOutcome;
  /** Over clang -O3, where it was measured. */
  readonly speedup?: number;
  /** It gave the code of another trial, whose outcome this is. */
  readonly isCopy?: boolean;
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
  const name = keyOf(unit);
  const time = `${Math.round(unit.share * 100)} % of the addon's time`;
  if (unit.verdict === 'stock') return `${name}, ${time}: stays with the stock compiler (${unit.reason})`;
  return [
    `${name}, ${time}: ${levers(unit.levers)}`,
    `  over stock  ${formatRatio(unit.vsStock)}`,
    `  over -O3    ${formatRatio({ ratio: unit.speedup, ci: unit.ci })}`,
    ...(unit.note === undefined ? [] : [`  ${unit.note}`]),
    ...Object.keys(unit.levers).map((lever) => formatLever(lever, unit, explanation)),
  ].join('\n');
}

function formatLever(lever: string, unit: UnitResult, { leverGains, tried }: Explanation): string {
  const value = unit.levers[lever];
  const gain = leverGains[lever];
  return [
    `  ${levers({ [lever]: value })}${gain === undefined ? '' : `: the addon is ${contribution(gain)} as without it`}`,
    ...reasonsFor(lever, unit, tried).map((reason) => `      ${reason}`),
  ].join('\n');
}

function contribution({ ratio, ci }: Ratio): string {
  return `${times(ratio)} as fast (${ci[0].toFixed(3)} to ${ci[1].toFixed(3)})`;
}

/** Proposals that go on from trials; what first spoke for a lever is the reason of another one. */
const followUp = /^(?:combine|narrow|neighbour|own|prune)\b/;
/** Of these, such as say nothing of a lever that was there before. */
const regrouping = /^(?:combine|prune)\b/;

/**
 * The evidence that first spoke for the lever; and, where the file's own trial of this value went on from other trials, what those
 * said.
 */
function reasonsFor(lever: string, unit: UnitResult, tried: Explanation['tried']): string[] {
  const isExact = ({ configuration }: TriedConfiguration): boolean =>
    isDeepStrictEqual(configuration[lever], unit.levers[lever]);
  const all = byRank(lever, [...tried.values()].flat());
  const exactly = all.filter(isExact);
  const own = byRank(lever, tried.get(keyOf(unit)) ?? []).filter(isExact);
  // What an own trial had from the incumbent is not what it was made for.
  const exact =
    own.find((trial) => isMadeFor(lever, trial) && !regrouping.test(trial.origin)) ??
    exactly.find((trial) => isMadeFor(lever, trial)) ??
    own[0] ??
    exactly[0];
  if (exact === undefined) return ['from an earlier session'];
  const first = followUp.test(exact.origin) ? all[0] : exact;
  // The evidence of such a trial may lie in another file.
  const onAll = tried.get(addonScope) ?? [];
  const said = (trial: TriedConfiguration): string =>
    onAll.includes(trial) ? `for ${addonScope}: ${trial.reason}` : trial.reason;
  return [...new Set([said(first ?? exact), said(exact)])];
}

/** The trials that had the lever; those that were made for it come first. */
function byRank(lever: string, trials: readonly TriedConfiguration[]): TriedConfiguration[] {
  return trials
    .filter(({ configuration }) => lever in configuration)
    .sort((a, b) => rankFor(lever, a) - rankFor(lever, b));
}

/** Lowest for a trial that was made for the lever, and won. */
function rankFor(lever: string, trial: TriedConfiguration): number {
  const { origin, outcome } = trial;
  return (followUp.test(origin) ? 4 : 0) + (isMadeFor(lever, trial) ? 0 : 2) + (outcome === 'faster' ? 0 : 1);
}

/** Levers of gcc tell first what they were put on. */
const putOn = /^gcc with .*? measured /;

/** Whether the trial's reason speaks of the lever: most name it with its value. */
function isMadeFor(lever: string, { configuration, origin, reason }: TriedConfiguration): boolean {
  if (lever === gccLevel && Object.keys(configuration).length === 1) return true;
  if (profileLevers.some((one) => one === lever)) return /\bprofile$/.test(origin);
  if (lever === 'lto-thin') return origin === 'thin-lto';
  if (/^(?:attr|md):/.test(lever) && origin.startsWith('narrow:')) return true;
  return ` ${reason.replace(putOn, '')}`.includes(` ${lever}=`);
}

function formatTrials(scope: string, trials: readonly TriedConfiguration[]): string {
  const own = trials.filter(({ outcome, isCopy }) => outcome !== 'identical' && isCopy !== true).length;
  const sorted = [...trials].sort(
    (a, b) => (b.speedup ?? 0) - (a.speedup ?? 0) || Number(a.isCopy ?? false) - Number(b.isCopy ?? false),
  );
  return [
    `${scope}: ${trials.length} configurations tried, ${own} with code of their own`,
    ...sorted.map(({ configuration, outcome, speedup, isCopy, reason }) =>
      [
        `  ${speedup === undefined ? '      ' : times(speedup)}  ${(isCopy ? 'same code' : outcome).padEnd(12)}  ${levers(configuration)}`,
        `            ${reason}`,
      ].join('\n'),
    ),
  ].join('\n');
}

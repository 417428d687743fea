import { shownValue } from '../levers/profiles.js';
import type { PolicyReport } from '../policy/types.js';
import { keyOf, type Ratio, type TuneResult } from '../tune/result.js';
import { formatTable } from './table.js';

/** What a person reads at the end of a session. */
export function formatSummary(result: TuneResult): string {
  const lines = [
    '',
    formatTable([
      ['translation unit', 'time', 'vs -O3', 'vs stock', 'verdict', 'levers'],
      ...result.tus.map((unit) => [
        keyOf(unit),
        `${Math.round(unit.share * 100)} %`,
        unit.verdict === 'tuned' ? approximately(unit.speedup, result) : '–',
        unit.verdict === 'tuned' ? approximately(unit.vsStock.ratio, result) : '–',
        unit.verdict,
        unit.verdict === 'tuned' ? levers(unit.levers) : unit.reason,
      ]),
    ]),
    '',
    ...(result.estimate ? estimated(result) : measured(result)),
    `${result.trials} trials, ${result.processes} processes, ${(result.elapsedMs / 60_000).toFixed(1)} minutes, ${result.compiler}, policy ${result.policy}, ${result.target}.`,
  ];
  if (result.esScore !== undefined)
    lines.push(`ES score of all trials (errors count 0.1): ${result.esScore.toFixed(3)}.`);
  if (result.agents !== undefined) lines.push(...formatAgents(result.agents, result));
  for (const warning of result.warnings) lines.push(`Note: ${warning}`);
  return lines.join('\n');
}

function measured({ addon, noiseFloor, verdict, sameInputs, levels = [] }: TuneResult): string[] {
  return [
    `the whole addon   over stock  ${formatRatio(addon.vsStock)}`,
    `                  over -O3    ${formatRatio(addon.vsO3)}`,
    `                  noise floor ± ${(noiseFloor * 100).toFixed(1)} %`,
    ...levels.map(({ level, ...gain }) => `${`-O3 at ${level}`.padEnd(17)} over this   ${formatRatio(gain)}`),
    '',
    verdict === 'faster'
      ? `Confirmed on ${sameInputs ? 'the same inputs it was tuned on (the gain may be fitted to them)' : 'inputs that tuning did not see'}, in fresh processes.`
      : 'No gain could be confirmed: the stock build stays, and autopass.lock says so.',
  ];
}

/** Without intervals: counting gives the same every time, and how far the model is from the processor nobody knows. */
function estimated({ addon, verdict, target, instructions }: TuneResult): string[] {
  return [
    `the whole addon   over stock  about ${times(addon.vsStock.ratio)} (estimate)`,
    `                  over -O3    about ${times(addon.vsO3.ratio)} (estimate)`,
    ...(instructions === undefined
      ? []
      : [
          `instructions      stock executes ${times(instructions.vsStock)} as many, -O3 ${times(instructions.vsO3)} (counted)`,
        ]),
    '',
    `${verdict === 'faster' ? '' : 'No gain was found. '}Nothing was timed: instructions that ran were counted under an emulator and weighed by a model of the processor.`,
    `Outputs were compared for real. Measure on a device: autopass verify --target ${target} --device ssh://USER@HOST`,
  ];
}

/** What the models took and how well they did. */
function formatAgents(agents: PolicyReport, result: TuneResult): string[] {
  const { calls, inputTokens, outputTokens, cost, proposals, calibration } = agents;
  const tokens = inputTokens + outputTokens;
  const gain = 100 * (result.addon.vsO3.ratio - 1);
  const per = (amount: number): string => (amount / gain).toPrecision(3);
  const price = cost === undefined ? 'cost unknown' : `cost ${cost.toFixed(4)}`;
  const { made, valid, repaired } = proposals;
  return [
    `Model ${agents.model}: ${calls} calls, ${tokens} tokens, ${price}; ${valid} of ${made} proposals could be used, ${repaired} after repair.`,
    ...(gain > 0.05
      ? [
          `Per percent over -O3: ${per(tokens)} tokens, ${per(result.elapsedMs / 60_000)} minutes${cost === undefined ? '' : `, cost ${per(cost)}`}.`,
        ]
      : []),
    ...(calibration === undefined
      ? []
      : [
          `Its predictions of time were off by ${calibration.error.toFixed(1)} percent points; ${Math.round(100 * calibration.rightDirection)} % had the right direction.`,
        ]),
  ];
}

/** A ratio with its interval. */
export function formatRatio({ ratio: value, ci }: Ratio): string {
  return `${times(value)}   95 % interval ${ci[0].toFixed(3)} to ${ci[1].toFixed(3)}`;
}

/** For example `1.043×`. */
export function times(value: number): string {
  return `${value.toFixed(3)}×`;
}

/** A speedup, marked where it is an estimate. */
export function approximately(value: number, { estimate }: { readonly estimate?: boolean }): string {
  return estimate === true ? `~${times(value)}` : times(value);
}

/** Lever ids and values on one line, shortened where a value is a list. */
export function levers(configuration: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(configuration).map(([id, value]) => {
    if (value === true) return id;
    if (typeof value === 'object' && value !== null) return `${id}(${Object.keys(value).length})`;
    return `${id}=${shownValue(value)}`;
  });
  return parts.length === 0 ? 'clang -O3' : parts.join(' ');
}

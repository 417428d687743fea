import { configurationKey } from '../../levers/configuration-key.js';
import type { Calibration, PolicyInput, PolicyTrial } from '../types.js';

/** Trials of a scope, and all trials among which their parents are. */
export interface TrialGroup {
  readonly trials: readonly PolicyTrial[];
  readonly known: readonly PolicyTrial[];
}

/** Below this change of time, in percent, a direction says nothing. */
const noticeable = 0.5;

/** What a scope's proposals can build on: a single unit goes on from what was tried on all units at once. */
export function knownTrials({ addonTrials = [], history }: PolicyInput): readonly PolicyTrial[] {
  return [...addonTrials, ...history];
}

/** A trial's time against its parent's, in percent: negative is faster. Undefined where one was not measured. */
export function timeChange(trial: PolicyTrial, known: readonly PolicyTrial[]): number | undefined {
  const parent = trial.prediction?.parent ?? {};
  const key = configurationKey(parent);
  const before =
    Object.keys(parent).length === 0
      ? 1
      : known.findLast(({ configuration }) => configurationKey(configuration) === key)?.speedup;
  return trial.speedup === undefined || before === undefined ? undefined : 100 * (before / trial.speedup - 1);
}

/** Compares predictions with measurements; undefined without any. */
export function calibrationOf(groups: readonly TrialGroup[]): Calibration | undefined {
  const pairs = groups.flatMap(({ trials, known }) =>
    trials.flatMap((trial) => {
      const predicted = trial.prediction?.time;
      const actual = timeChange(trial, known);
      return predicted === undefined || actual === undefined ? [] : [{ predicted, actual }];
    }),
  );
  if (pairs.length === 0) return undefined;
  const error =
    pairs.reduce((sum, { predicted, actual }) => sum + Math.abs(predicted - actual), 0) / pairs.length;
  const clear = pairs.filter(({ actual }) => Math.abs(actual) >= noticeable);
  const right = clear.filter(({ predicted, actual }) => Math.sign(predicted) === Math.sign(actual)).length;
  return { trials: pairs.length, error, rightDirection: clear.length === 0 ? 0 : right / clear.length };
}

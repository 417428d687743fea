import { configurationKey } from '../../levers/configuration-key.js';
import type { Calibration, PolicyTrial } from '../types.js';

/** Below this change of time, in percent, a direction says nothing. */
const noticeable = 0.5;

/** A trial's time against its parent's, in percent: negative is faster. Undefined where one was not measured. */
export function timeChange(trial: PolicyTrial, history: readonly PolicyTrial[]): number | undefined {
  const parent = trial.prediction?.parent ?? {};
  const key = configurationKey(parent);
  const before =
    Object.keys(parent).length === 0
      ? 1
      : history.find(({ configuration }) => configurationKey(configuration) === key)?.speedup;
  return trial.speedup === undefined || before === undefined ? undefined : 100 * (before / trial.speedup - 1);
}

/** Compares predictions with measurements; undefined without any. */
export function calibrationOf(histories: readonly (readonly PolicyTrial[])[]): Calibration | undefined {
  const pairs = histories.flatMap((history) =>
    history.flatMap((trial) => {
      const predicted = trial.prediction?.time;
      const actual = timeChange(trial, history);
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

import type { Configuration } from '../../levers/types.js';
import type { PolicyTrial } from '../types.js';
import { gainOf } from './tree.js';

const shownBest = 8;
const shownLatest = 10;
const longestConfiguration = 300;

export function renderConfiguration(configuration: Configuration): string {
  const text = JSON.stringify(configuration);
  return text.length > longestConfiguration ? `${text.slice(0, longestConfiguration)}…` : text;
}

/** One line: number, outcome, speedup with interval, levers, prediction. */
export function renderTrial(trial: PolicyTrial, number: number): string {
  const { speedup, ci, prediction, outcome, configuration, change } = trial;
  const measured =
    speedup === undefined
      ? ''
      : ` ${speedup.toFixed(3)}x (${ci?.map((bound) => bound.toFixed(3)).join(' to ') ?? '?'})`;
  const predicted = prediction?.time === undefined ? '' : `; predicted time ${signed(prediction.time)} %`;
  const code =
    change === undefined
      ? ''
      : `; hot code ${change.growth.toFixed(2)} times as big, ${signed(change.spills)} spills, ${signed(change.vectorizedLoops)} vectorised loops`;
  return `#${number} ${outcome}${measured} ${renderConfiguration(configuration)}${predicted}${code}`;
}

/** The best and the latest trials of a history, each once. */
export function renderHistory(history: readonly PolicyTrial[], latest: number = shownLatest): string {
  if (history.length === 0) return 'nothing yet';
  const numbered = history.map((trial, index) => ({ trial, index }));
  const best = [...numbered].sort((a, b) => gainOf(b.trial) - gainOf(a.trial)).slice(0, shownBest);
  const shown = new Set([...best, ...numbered.slice(numbered.length - Math.min(latest, numbered.length))]);
  return numbered
    .filter((entry) => shown.has(entry))
    .map(({ trial, index }) => renderTrial(trial, index + 1))
    .join('\n');
}

export function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${Number(value.toFixed(1))}`;
}

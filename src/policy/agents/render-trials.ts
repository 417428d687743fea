import { printable } from '../../levers/printable.js';
import type { Configuration } from '../../levers/types.js';
import type { SeenTrial } from '../types.js';
import { gainOf } from './tree.js';

const shownBest = 8;
const shownLatest = 10;
const longestConfiguration = 300;
const shownFunctions = 4;
/** Logarithm of a function's speedup that is worth a word. */
const noteworthy = 0.03;

export function renderConfiguration(configuration: Configuration): string {
  const text = JSON.stringify(configuration);
  return text.length > longestConfiguration ? `${text.slice(0, longestConfiguration)}…` : text;
}

/** One line: number, outcome, speedup with interval, levers, prediction, the functions that it changed most. */
export function renderTrial(trial: SeenTrial, number: number): string {
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
  return `#${number} ${outcome}${measured} ${renderConfiguration(configuration)}${predicted}${code}${renderFunctions(trial)}`;
}

function renderFunctions({ functions = {} }: SeenTrial): string {
  const changed = Object.entries(functions)
    .map(([name, speedup]) => ({ name, speedup, effect: Math.abs(Math.log(speedup)) }))
    .filter(({ effect }) => effect > noteworthy)
    .sort((a, b) => b.effect - a.effect)
    .slice(0, shownFunctions)
    .map(({ name, speedup }) => `${printable(name)} ${speedup.toFixed(2)}x`);
  return changed.length === 0 ? '' : `; by its cases ${changed.join(', ')}`;
}

/** The best and the latest trials of a history, each once. */
export function renderHistory(history: readonly SeenTrial[], latest: number = shownLatest): string {
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

import { configurationKey } from '../../levers/configuration-key.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyTrial } from '../types.js';
import { percentOf } from './idea.js';
import { type Idle, idleIn } from './idle.js';
import type { Theme } from './rule.js';

/** A measured trial. Gains in percent of time (100 times the natural logarithm of the speedup). */
export interface Lesson {
  readonly trial: PolicyTrial;
  readonly gain: number;
  /** The gain shrunk towards 0 by its uncertainty. */
  readonly believed: number;
}

/** What the history teaches. */
export interface Lessons {
  readonly tried: ReadonlySet<string>;
  of(configuration: Configuration): Lesson | undefined;
  /** Measured trials, best first. */
  readonly ranked: readonly Lesson[];
  /** Configurations that gave the code of -O3: their levers do nothing here. */
  readonly inert: ReadonlySet<string>;
  readonly idle: Idle;
  /** Above 1 where trials of the theme made a difference for the better, below 1 where nothing came of them. */
  themeFactor(theme: Theme): number;
}

/** Standard deviation of what levers bring, in percent: the prior against which measurements are shrunk. */
const spread = 2;
/** Standard error assumed where a trial has no interval, in percent: that of a screening. */
const usualError = 2;

/** `themeOf` names the theme of a trial by its origin. */
export function lessonsOf(
  history: readonly PolicyTrial[],
  themeOf: (origin: string) => Theme | undefined,
): Lessons {
  const byKey = new Map<string, Lesson>();
  const inert = new Set<string>();
  const themes = new Map<Theme, { gains: number[]; inert: number }>();
  for (const trial of history) {
    const theme = themeOf(trial.origin);
    const record = theme === undefined ? undefined : themes.get(theme);
    const counted = record ?? { gains: [], inert: 0 };
    if (theme !== undefined && record === undefined) themes.set(theme, counted);
    if (trial.outcome === 'identical') {
      inert.add(configurationKey(trial.configuration));
      counted.inert++;
    }
    const lesson = lessonOf(trial);
    if (lesson === undefined) continue;
    byKey.set(configurationKey(trial.configuration), lesson);
    counted.gains.push(lesson.believed);
  }
  return {
    tried: new Set(history.map((trial) => configurationKey(trial.configuration))),
    of: (configuration) => byKey.get(configurationKey(configuration)),
    ranked: [...byKey.values()].sort((a, b) => b.believed - a.believed),
    inert,
    idle: idleIn(history),
    themeFactor(theme) {
      const record = themes.get(theme);
      if (record === undefined) return 1;
      const best = Math.max(0, ...record.gains);
      const tries = record.gains.length + record.inert * 0.5;
      return Math.min(2.5, (1 + best / 2) / (1 + 0.15 * Math.max(0, tries - 1)));
    },
  };
}

function lessonOf(trial: PolicyTrial): Lesson | undefined {
  if (trial.speedup === undefined || !(trial.speedup > 0)) return undefined;
  if (trial.outcome === 'incorrect' || trial.outcome === 'failed') return undefined;
  const gain = percentOf(trial.speedup);
  const error =
    trial.ci === undefined || !(trial.ci[0] > 0) || !(trial.ci[1] > 0)
      ? usualError
      : percentOf(trial.ci[1] / trial.ci[0]) / (2 * 1.96);
  return { trial, gain, believed: (gain * spread ** 2) / (spread ** 2 + error ** 2) };
}

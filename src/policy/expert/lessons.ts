import { configurationKey } from '../../levers/configuration-key.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyTrial, SeenTrial } from '../types.js';
import { isPart, percentOf } from './idea.js';
import { type Idle, idleIn } from './idle.js';
import type { Theme } from './rule.js';

/**
 * A measured trial. Gains over -O3 in percent of time (100 times the natural logarithm of the speedup): of the addon's or, for one of several files, of the
 * time of its own code, as far as the cases tell that.
 */
export interface Lesson {
  readonly trial: PolicyTrial;
  readonly gain: number;
  /** What is left of a gain when it is shrunk towards 0 by its uncertainty: 0 to 1. */
  readonly weight: number;
  /** The shrunk gain. */
  readonly believed: number;
  /** The shrunk gain over the best that is known of the configuration's parts: what it has from an incumbent is not its own. */
  readonly added: number;
}

/** What the history teaches. */
export interface Lessons {
  of(configuration: Configuration): Lesson | undefined;
  /** The best gain that is known of any part of the configuration, in percent; at least 0, which is -O3. */
  within(configuration: Configuration): number;
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

/**
 * @param themeOf the theme of a trial by its origin
 * @param earlier trials on all hot files of what is the incumbent of this one now, or of its parts
 * @param share of the addon's time, 0 to 1, for one of several files: what the others have gained is in its speedups too, and counted out
 */
export function lessonsOf(
  history: readonly SeenTrial[],
  themeOf: (origin: string) => Theme | undefined,
  earlier: readonly SeenTrial[] = [],
  share?: number,
): Lessons {
  const measured = [...earlier, ...history].flatMap((trial) => measuredOf(trial, share) ?? []);
  const within = (configuration: Configuration): number =>
    bestOf(measured.filter(({ trial }) => isPart(trial.configuration, configuration)));
  const lessons = measured.map((one): Lesson => {
    const { configuration } = one.trial;
    const parts = measured.filter(({ trial }) => isProperPart(trial.configuration, configuration));
    return { ...one, believed: one.weight * one.gain, added: one.weight * (one.gain - bestOf(parts)) };
  });
  const byKey = new Map(lessons.map((lesson) => [configurationKey(lesson.trial.configuration), lesson]));
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
    const lesson = byKey.get(configurationKey(trial.configuration));
    if (lesson !== undefined) counted.gains.push(lesson.added);
  }
  const own = new Set(history);
  return {
    of: (configuration) => byKey.get(configurationKey(configuration)),
    within,
    ranked: lessons.filter(({ trial }) => own.has(trial)).sort((a, b) => b.believed - a.believed),
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

function bestOf(measured: readonly Measured[]): number {
  return Math.max(0, ...measured.map(({ gain }) => gain));
}

function isProperPart(one: Configuration, other: Configuration): boolean {
  return isPart(one, other) && !isPart(other, one);
}

type Measured = Pick<Lesson, 'trial' | 'gain' | 'weight'>;

function measuredOf(trial: SeenTrial, share: number | undefined): Measured | undefined {
  if (trial.speedup === undefined || !(trial.speedup > 0)) return undefined;
  if (trial.outcome === 'incorrect' || trial.outcome === 'failed') return undefined;
  // The interval is of the addon's time, of which the file has a part.
  const [speedup, part] = trial.inUnit !== undefined && share ? [trial.inUnit, share] : [trial.speedup, 1];
  const gain = percentOf(speedup);
  const error =
    trial.ci === undefined || !(trial.ci[0] > 0) || !(trial.ci[1] > 0)
      ? usualError
      : percentOf(trial.ci[1] / trial.ci[0]) / (2 * 1.96);
  return { trial, gain, weight: spread ** 2 / (spread ** 2 + (error / part) ** 2) };
}

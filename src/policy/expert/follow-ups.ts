import { isDeepStrictEqual } from 'node:util';
import type { EvidenceChange } from '../../evidence/compare.js';
import { catalogue } from '../../levers/catalogue.js';
import { conflicts } from '../../levers/conflicts.js';
import { profileLeverOf } from '../../levers/profiles.js';
import type { Configuration, LeverValue } from '../../levers/types.js';
import { type Finding, weightOf } from './first-ideas.js';
import { describe, type Idea, merged, shared } from './idea.js';
import { codeOf } from './idle.js';
import type { Lesson, Lessons } from './lessons.js';
import type { Theme } from './rule.js';

const winnersCombined = 6;
/** A believed gain, in percent, from which a lever is worth combining. */
const worthCombining = 0.25;
/** A loss, in percent, that says that the lever matters and its opposite may win. */
const clearLoss = -1;
/** Of a neighbouring value that gave the same code in another place. */
const idleNeighbour = 0.2;
/** Of a combination with another profile than the incumbent's, which was chosen among them. */
const otherProfile = 0.3;
/** Gains do not add: a pair brings about this much of its parts' sum. */
const additivity = 0.7;

/** What the trials suggest. */
export interface FollowUpInput {
  readonly findings: readonly Finding[];
  readonly incumbent: Configuration;
  readonly lessons: Lessons;
}

/** Combinations, neighbours, shorter forms, and opposites of what lost. */
export function followUps(input: FollowUpInput): Idea[] {
  return [...combinations(input), ...neighbours(input), ...shorterForms(input), ...diagnoses(input)];
}

function themeOf(lesson: Lesson, input: FollowUpInput): Theme {
  const origin = lesson.trial.origin.split(':').at(-1);
  return input.findings.find(({ rule }) => rule.id === origin)?.rule.theme ?? 'tuning';
}

function gainText(lesson: Lesson): string {
  return `${describe(lesson.trial.configuration)} measured ${lesson.trial.speedup?.toFixed(3)}`;
}

/**
 * What a configuration has without the lever in question: the best that is known of its parts; the incumbent's gain where it has all the incumbent's
 * levers, if only with other values.
 */
function gainWithin(configuration: Configuration, { incumbent, lessons }: FollowUpInput): number {
  const isVariant = Object.keys(incumbent).every((id) => id in configuration);
  return Math.max(lessons.within(configuration), isVariant ? (lessons.of(incumbent)?.gain ?? 0) : 0);
}

function combinations(input: FollowUpInput): Idea[] {
  const { incumbent, lessons } = input;
  const held = lessons.of(incumbent);
  const best = held?.gain ?? 0;
  // What others are put on top of is the incumbent, which won a race, where another one only looks as good.
  const winners = winnersOf(lessons).sort((a, b) => Number(b === held) - Number(a === held));
  const ideas: Idea[] = [];
  const consider = (parts: readonly Lesson[]): void => {
    const [first, ...others] = parts;
    if (first === undefined) return;
    let { configuration } = first.trial;
    let added = 0;
    const used = [first];
    for (const part of others) {
      const gain =
        part.weight * (part.gain - gainWithin(shared(configuration, part.trial.configuration), input));
      // Otherwise it has its gain from what the others have too.
      if (gain <= worthCombining) continue;
      const joined = merged(configuration, part.trial.configuration);
      if (joined === undefined) continue;
      configuration = joined;
      added += additivity * gain;
      used.push(part);
    }
    if (used.length === 1) return;
    const value = Math.max(first.weight * (first.gain - best) + added, 0.2 * added);
    ideas.push({
      configuration,
      value: hasOtherProfile(configuration, incumbent) ? otherProfile * value : value,
      theme: 'combination',
      reason: `${used.map(gainText).join(' and ')}: together they may bring more`,
      origin: 'combine',
    });
  };
  for (let i = 0; i < winners.length; i++) {
    for (let j = i + 1; j < winners.length; j++) {
      consider([winners[i], winners[j]].filter((part) => part !== undefined));
    }
    if (i >= 2) consider(winners.slice(0, i + 1));
  }
  return ideas;
}

/** Whether it has a profile, and could as well have the incumbent's. */
function hasOtherProfile(configuration: Configuration, incumbent: Configuration): boolean {
  const [own, chosen] = [profileLeverOf(configuration), profileLeverOf(incumbent)];
  if (own === undefined || chosen === undefined || own === chosen) return false;
  const { [own]: _, ...rest } = configuration;
  return conflicts({ ...rest, [chosen]: incumbent[chosen] ?? '' }).length === 0;
}

/** The best trials; of several with the same code the shortest. */
function winnersOf(lessons: Lessons): Lesson[] {
  const shortest = new Map<string, Lesson>();
  for (const lesson of lessons.ranked) {
    if (lesson.believed <= worthCombining) break;
    const code = codeOf(lesson.trial);
    const known = shortest.get(code);
    if (known === undefined || levers(lesson) < levers(known)) shortest.set(code, lesson);
  }
  return [...shortest.values()].slice(0, winnersCombined);
}

function levers(lesson: Lesson): number {
  return Object.keys(lesson.trial.configuration).length;
}

function neighbours(input: FollowUpInput): Idea[] {
  const { incumbent, lessons } = input;
  const held = lessons.of(incumbent);
  return [...new Set([...(held ? [held] : []), ...winnersOf(lessons)])].flatMap((lesson) =>
    Object.entries(lesson.trial.configuration).flatMap(([id, value]) => {
      // What others have from the incumbent is varied there.
      if (lesson !== held && isDeepStrictEqual(incumbent[id], value)) return [];
      const { [id]: _, ...rest } = lesson.trial.configuration;
      // What the lever itself brought, not what stands beside it.
      const gain = lesson.weight * (lesson.gain - gainWithin(rest, input));
      return adjacentValues(id, value).map(
        (next): Idea => ({
          configuration: { ...rest, [id]: next },
          value: 0.35 * gain * (lessons.idle.value(id, value, next) ? idleNeighbour : 1),
          theme: themeOf(lesson, input),
          reason: `${gainText(lesson)}: the neighbouring ${id}=${String(next)} may be better`,
          origin: `neighbour:${lesson.trial.origin.split(':').at(-1)}`,
        }),
      );
    }),
  );
}

/** The listed values next to a numeric value. */
export function adjacentValues(id: string, value: LeverValue): number[] {
  if (typeof value !== 'number') return [];
  const listed = (catalogue.get(id)?.values ?? [])
    .filter((candidate) => typeof candidate === 'number')
    .sort((a, b) => a - b);
  const below = listed.filter((candidate) => candidate < value).at(-1);
  const above = listed.find((candidate) => candidate > value);
  return [above, below].filter((candidate) => candidate !== undefined);
}

/**
 * The incumbent without one of its parts: the shortest configuration of equal speed is the best. Judging leaves every
 * lever out once more, so this never goes before ideas that may be faster.
 */
function shorterForms({ incumbent, lessons }: FollowUpInput): Idea[] {
  const ids = Object.keys(incumbent);
  const parts = ids.flatMap((id): [string, Configuration][] => {
    const { [id]: value, ...rest } = incumbent;
    if (!Array.isArray(value) || value.length < 2) return ids.length > 1 ? [[id, rest]] : [];
    return (value as readonly string[]).map((name) => [
      `${id} of ${name}`,
      { ...rest, [id]: (value as readonly string[]).filter((other) => other !== name) },
    ]);
  });
  const gain = lessons.of(incumbent)?.believed ?? 1;
  return parts.map(([part, configuration]) => ({
    configuration,
    value: Math.min(0.6, 0.25 * gain + 0.1),
    theme: 'combination',
    reason: `the best so far has ${ids.length} levers; it may be as fast without ${part}`,
    origin: 'prune',
  }));
}

/** Why a trial lost, as far as its evidence tells, and what would answer that. */
function diagnoses(input: FollowUpInput): Idea[] {
  const { findings, incumbent, lessons } = input;
  return lessons.ranked.flatMap((lesson) => {
    const { trial, added } = lesson;
    const finding = findings.find(({ rule }) => rule.id === trial.origin);
    if (added > clearLoss || finding === undefined) return [];
    const { rule } = finding;
    const why = trial.change === undefined ? '' : diagnose(trial.change);
    const softer = softened(trial.configuration);
    const answers = [...(rule.opposite ?? []), ...(softer === undefined ? [] : [softer])];
    return answers.flatMap((edit): Idea[] => {
      const configuration = merged(incumbent, edit);
      if (configuration === undefined) return [];
      return [
        {
          configuration,
          value: Math.min(1.5, 0.3 * -added) * weightOf(finding.match),
          theme: rule.theme,
          reason: `${gainText(lesson)}${why}: ${describe(edit)} goes the other way`,
          origin: `opposite:${rule.id}`,
        },
      ];
    });
  });
}

function diagnose(change: EvidenceChange): string {
  const causes = [
    change.spills > 0 ? `${change.spills} more spills and reloads` : '',
    change.stackAccesses > 8 ? `${change.stackAccesses} more stack accesses` : '',
    change.growth > 1.15 ? `hot code ${change.growth.toFixed(2)} times as big` : '',
    change.vectorizedLoops < 0 ? `${-change.vectorizedLoops} vectorised loops lost` : '',
    change.calls > 2 ? `${change.calls} more calls` : '',
  ].filter((cause) => cause !== '');
  return causes.length === 0 ? '' : ` (${causes.join(', ')})`;
}

/** The first numeric lever one listed value nearer to the middle of its range. */
function softened(configuration: Configuration): Configuration | undefined {
  for (const [id, value] of Object.entries(configuration)) {
    if (typeof value !== 'number') continue;
    const listed = (catalogue.get(id)?.values ?? []).filter((candidate) => typeof candidate === 'number');
    const middle = [...listed].sort((a, b) => a - b)[listed.length >> 1];
    if (middle === undefined || middle === value) continue;
    const next = adjacentValues(id, value).find((candidate) => candidate > value === middle > value);
    if (next !== undefined) return { ...configuration, [id]: next };
  }
  return undefined;
}

import { isDeepStrictEqual } from 'node:util';
import { configurationKey } from '../../levers/configuration-key.js';
import type { Configuration } from '../../levers/types.js';
import type { SeenTrial } from '../types.js';
import type { Facts } from './facts.js';
import { describe, type Idea, merged } from './idea.js';
import type { Lessons } from './lessons.js';
import type { Match, Rule } from './rule.js';
import { remainingWorth } from './stop.js';

/** A rule whose evidence was seen. */
export interface Finding {
  readonly rule: Rule;
  readonly match: Match;
  readonly edits: readonly Configuration[];
}

/** Each further edit of a rule is worth this much of the one before: other rules' first edits tell more. */
const laterEdit = 0.7;
/** Of the same value, coarser levers go first. */
const scopeFactor = { unit: 1, function: 0.95, loop: 0.95 } as const;
/** A believed gain or loss, in percent, that decides about an edit. */
const noteworthy = 0.25;
/** What brought nothing on all hot units at once can still win on one of them, where another one lost. */
const settledOnAll = 0.5;
/** Speedup of a unit's own code from which a lever seems to win there. */
const wins = 1.005;
/** The other way from what the incumbent won with: on top of run-time unrolling, none of five trials without unrolling won. */
const againstIncumbent = 0.3;
/** Part of the unit's time below which evidence is on code that the bench hardly runs. */
const leastStrength = 0.02;
/** What made no difference by itself rarely makes one beside others, nor beside others what made none beside some. */
const knownAlone = 0.4;

export function findingsOf(rules: readonly Rule[], facts: Facts, arch: 'x64' | 'arm64'): Finding[] {
  return rules.flatMap((rule) => {
    if (rule.arch !== undefined && rule.arch !== arch) return [];
    const match = rule.when(facts);
    if (match === undefined) return [];
    const edits = typeof rule.edits === 'function' ? rule.edits(match, facts) : rule.edits;
    return edits.length === 0 ? [] : [{ rule, match, edits }];
  });
}

/** What the evidence suggests, each edit on top of the incumbent. */
export function firstIdeas(
  findings: readonly Finding[],
  incumbent: Configuration,
  lessons: Lessons,
  addonTrials: readonly SeenTrial[] = [],
): Idea[] {
  return findings.flatMap(({ rule, match, edits }) => {
    const isAgainst = rule.against?.some((lever) => lever in incumbent) ?? false;
    const worth =
      remainingWorth(rule, lessons) * lessons.themeFactor(rule.theme) * (isAgainst ? againstIncumbent : 1);
    return edits.flatMap((edit, index): Idea[] => {
      const configuration = merged(incumbent, edit);
      const alone = lessons.of(edit);
      // On top of an incumbent there is no use for what changed nothing or lost by itself; what won is combined.
      if (configuration === undefined || lessons.inert.has(configurationKey(edit))) return [];
      if (alone !== undefined && Math.abs(alone.believed) > noteworthy) return [];
      const value =
        rule.prior *
        weightOf(match) *
        laterEdit ** index *
        (alone !== undefined || lessons.idle.edit(edit) ? knownAlone : 1) *
        scopeFactor[rule.scope] *
        (isSettled(edit, addonTrials) ? settledOnAll : 1) *
        worth;
      const reason = `${evidenceFor(edit, match)}: ${describe(edit)}, so that ${rule.effect}`;
      return [{ configuration, value, theme: rule.theme, reason, origin: rule.id }];
    });
  });
}

/** What is seen in little of the time can still decide in what it calls; what is seen in none of it says next to nothing. */
export function weightOf({ strength }: Match): number {
  return strength < leastStrength ? 0.1 : 0.3 + 0.7 * strength;
}

/** Whether the edit was measured on all hot units, beside whatever else, and did not win, nor seem to win in this one. */
export function isSettled(edit: Configuration, addonTrials: readonly SeenTrial[]): boolean {
  const trials = addonTrials.filter(({ configuration }) =>
    Object.entries(edit).every(([id, value]) => isDeepStrictEqual(configuration[id], value)),
  );
  return (
    trials.length > 0 && trials.every(({ outcome, inUnit = 1 }) => outcome !== 'faster' && inUnit < wins)
  );
}

/** An edit of one function or loop quotes the evidence of that one. */
function evidenceFor(edit: Configuration, match: Match): string {
  const [value, ...others] = Object.values(edit);
  const named = Array.isArray(value) ? (value as readonly string[]) : Object.keys(Object(value));
  const names = others.length === 0 ? named : [];
  const [name] = names;
  return (names.length === 1 && name !== undefined && match.becauseOf?.get(name)) || match.because;
}

import type { EvidenceChange } from '../../evidence/compare.js';
import type { Lessons } from './lessons.js';
import type { Rule, StopRule } from './rule.js';

/** A believed loss, in percent, that speaks against a rule's direction. */
const clearLoss = -1;
/** A believed gain, in percent, that excuses whatever the code looks like. */
const excused = 0.25;

/** What of the stop rule a trial's code breaks, in words; empty when nothing. */
export function brokenStops(stop: StopRule, change: EvidenceChange): string[] {
  return [
    stop.growth !== undefined && change.growth > stop.growth
      ? `hot code ${change.growth.toFixed(2)} times as big`
      : '',
    stop.spills && change.spills > 0 ? `${change.spills} more spills and reloads` : '',
    stop.vectors && change.vectorizedLoops < 0 ? `${-change.vectorizedLoops} vectorised loops lost` : '',
  ].filter((reason) => reason !== '');
}

/** How much the remaining edits of a rule are still worth after its trials, 0 to 1. */
export function remainingWorth(rule: Rule, lessons: Lessons): number {
  let worth = 1;
  for (const { trial, added } of lessons.ranked) {
    if (trial.origin !== rule.id || added > excused) continue;
    if (trial.change !== undefined && brokenStops(rule.stop, trial.change).length > 0) worth *= 0.3;
    else if (added < clearLoss) worth *= 0.6;
  }
  return worth;
}

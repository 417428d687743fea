import type { Configuration } from '../../levers/types.js';
import type { Facts } from './facts.js';

/** Levers of one theme act on the same thing; a trial teaches about its whole theme. */
export type Theme =
  | 'inlining'
  | 'unrolling'
  | 'vectorizing'
  | 'slp'
  | 'memory'
  | 'registers'
  | 'branches'
  | 'layout'
  | 'scheduling'
  | 'tuning';

/** That a rule's evidence was seen, how much of the unit's time it covers, and where. */
export interface Match {
  /** Share of the unit's time that the evidence covers, 0 to 1. */
  readonly strength: number;
  /** The evidence in words: pass, function, source line, numbers. */
  readonly because: string;
  /** Mangled names that function edits apply to, most promising first. */
  readonly functions?: readonly string[];
  /** The evidence for a single function, where it is not `because`. */
  readonly becauseOf?: ReadonlyMap<string, string>;
}

/** When to give a trial's direction up; compared with the evidence under plain -O3. */
export interface StopRule {
  /** Largest acceptable growth of the hot functions' code. */
  readonly growth?: number;
  /** No more spills and reloads than before. */
  readonly spills?: true;
  /** No fewer vectorised loops than before. */
  readonly vectors?: true;
}

/** Evidence → levers. Data, except for the condition. */
export interface Rule {
  readonly id: string;
  readonly theme: Theme;
  /** Coarse rules go before fine ones of equal value. */
  readonly scope: 'unit' | 'function' | 'loop';
  readonly arch?: 'x64' | 'arm64';
  /** Expected gain in percent, times its probability, if the evidence covers all of the time. */
  readonly prior: number;
  readonly when: (facts: Facts) => Match | undefined;
  /** In the order in which they are tried. */
  readonly edits: readonly Configuration[] | ((match: Match, facts: Facts) => readonly Configuration[]);
  /** What the edits should bring, as the end of a sentence. */
  readonly effect: string;
  readonly stop: StopRule;
  /** Levers that go the other way: where the incumbent has one, the edits are worth little. */
  readonly against?: readonly string[];
  /** Tried when the edits made things clearly worse: the opposite or a softer form. */
  readonly opposite?: readonly Configuration[];
}

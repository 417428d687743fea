import type { Configuration } from '../levers/types.js';
import type { PolicyReport } from '../policy/types.js';

/** A speedup with its 95 % interval; above 1 is faster. */
export interface Ratio {
  readonly ratio: number;
  readonly ci: readonly [number, number];
}

/** What plain clang -O3 for a higher ISA level gives over the addon that the session leaves; on check inputs. */
export interface LevelGain extends Ratio {
  readonly level: string;
}

/** What became of one hot translation unit. */
export interface UnitResult {
  readonly file: string;
  readonly object?: string;
  /** Share of the time spent in the addon, 0 to 1. */
  readonly share: number;
  readonly levers: Configuration;
  /** Of the tuned object over plain clang -O3 of the same file, everything else equal. */
  readonly speedup: number;
  readonly ci: readonly [number, number];
  /** Of the tuned object over the stock compiler's, everything else equal. */
  readonly vsStock: Ratio;
  /** `tuned`: an entry was written; `stock`: the project's own compiler stays. */
  readonly verdict: 'tuned' | 'stock';
  readonly reason: string;
  /** What else there is to know about a tuned file. */
  readonly note?: string;
}

/** The last line of `autopass tune --json`. */
export interface TuneResult {
  readonly target: string;
  readonly tus: readonly UnitResult[];
  /** What each lever adds to the addon, wherever it is set; on tuning inputs, so without the strength of a confirmation. */
  readonly leverGains: Readonly<Record<string, Ratio>>;
  readonly addon: { readonly vsO3: Ratio; readonly vsStock: Ratio };
  /** Largest effect that rebuilding the same code in another order showed, as a ratio minus 1. */
  readonly noiseFloor: number;
  readonly trials: number;
  readonly elapsedMs: number;
  readonly policy: string;
  /** Best level first; absent where nobody asked. */
  readonly levels?: readonly LevelGain[];
  /** `faster`: entries were written. `no gain`: the stock build stays. */
  readonly verdict: 'faster' | 'no gain';
  readonly sameInputs: boolean;
  /** Nothing was timed: see the lock's field of this name. */
  readonly estimate: boolean;
  /** Of estimates: how many times as many instructions the others execute in the addon as the result does. Counted. */
  readonly instructions?: { readonly vsO3: number; readonly vsStock: number };
  readonly compiler: string;
  readonly resumedTrials: number;
  readonly processes: number;
  readonly warnings: readonly string[];
  /** ES_t of the session's trials for t = 0: any error counts 0.1. */
  readonly esScore?: number;
  /** The models' part, where there was one. */
  readonly agents?: PolicyReport;
}

/** The key of the unit's trials in the journal, as `TunedUnit.key`. */
export function keyOf({ file, object }: Pick<UnitResult, 'file' | 'object'>): string {
  return object === undefined ? file : `${file} (${object})`;
}

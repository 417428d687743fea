import type { Logger } from '../log.js';
import type { Device } from './device/device.js';

/** What is timed: a module that makes the cases, or a whole command. */
export type Bench =
  | {
      readonly kind: 'module';
      /** Absolute path; its default export is `(addon, inputs) => Record<string, () => unknown>`. */
      readonly path: string;
    }
  | {
      readonly kind: 'command';
      /** Run in the package root. `{inputs}` inside an argument becomes `tune` or `check`; so does `$AUTOPASS_INPUTS`. */
      readonly command: readonly string[];
    };

/** Tuning compares on `tune`; what is reported comes from `check`. */
export type Inputs = 'tune' | 'check';

/** One build of the addon. */
export interface Variant {
  readonly id: string;
  /** Absolute path that the package loads → absolute path of this variant's file. */
  readonly binaries: Readonly<Record<string, string>>;
}

/** How sure the answer has to be: `screen` to about 3 %, `race` to about 1 %, `confirm` to half the noise floor. */
export type Goal = 'screen' | 'race' | 'confirm';

/** Whether variants share a process or each has its own. */
export type Mode = 'in-process' | 'process-only';

/** What is loaded and called; the same for measuring, probing, verifying and profiling. */
export interface BenchTarget {
  readonly packageRoot: string;
  readonly bench: Bench;
  /** Module to load instead of the package root; absolute, or relative to the package root. */
  readonly entry?: string;
  /** An existing or creatable folder for copies and results; left as it was found. */
  readonly workDir: string;
  /** Words that start Node where the bench runs, such as an emulator and its Node; the running Node when absent. */
  readonly node?: readonly string[];
  /** Per variant in a process, 60 s by default; a process that takes longer is killed. */
  readonly timeoutMs?: number;
  /** Where a bench module runs, with that machine's Node; here when absent. */
  readonly device?: Device;
  readonly signal?: AbortSignal;
}

export interface MeasureRequest extends BenchTarget {
  readonly inputs: Inputs;
  readonly baseline: Variant;
  readonly candidates: readonly Variant[];
  readonly goal: Goal;
  readonly minProcesses?: number;
  readonly maxProcesses?: number;
  /** Length of one timed slice, 4 by default. A single call that takes longer is a slice of its own. */
  readonly sliceMs?: number;
  readonly roundsPerProcess?: number;
  readonly seed: number;
  readonly logger: Logger;
  /** Once every candidate has its least number of processes, none is added after this time. Does not depend on what was measured, so it biases nothing. */
  readonly maxMs?: number;
  /** What placebos show, as a ratio minus one; no verdict is given inside it. */
  readonly noiseFloor?: number;
  /** The cases that are timed, and of which ratios are the mean; all when absent. A command has none to choose from. */
  readonly cases?: readonly string[];
  /** Candidates clearly under this ratio stop early. */
  readonly stopBelow?: number;
  /**
   * Only the fastest is looked for: a candidate whose interval lies below another's, that does not look faster than the baseline, or whose interval is narrow
   * for so large an effect, gets no more processes, and `control`, one of the candidates, is measured beside the others but never alone.
   */
  readonly contest?: { readonly control: string };
  /** `process-only` when a probe found that the addon cannot be loaded twice. */
  readonly mode?: Mode;
}

/** One case of the bench. */
export interface CaseResult {
  readonly ratio: number;
  /** Natural logarithm of the ratio, one per process; absent in estimates. */
  readonly samples?: readonly number[];
}

export interface VariantResult {
  readonly id: string;
  readonly outcome: 'faster' | 'slower' | 'within-noise' | 'failed';
  /** Time of the baseline over time of the candidate: above 1 is faster. */
  readonly ratio: number;
  /** 95 % interval of `ratio`. */
  readonly ci: readonly [number, number];
  /** How many processes (pairs of processes in `process-only` mode) gave a sample. */
  readonly processes: number;
  readonly cases: Readonly<Record<string, CaseResult>>;
  /** Of estimates: instructions that the baseline executes over those of the candidate. */
  readonly instructions?: number;
  /** Why it failed or stopped early. */
  readonly detail?: string;
}

export interface MeasureResult {
  /** Nothing was timed: ratios are of estimated cycles, which rank builds but promise nothing. Intervals are then the ratio itself. */
  readonly estimate?: true;
  readonly results: readonly VariantResult[];
  /** Node processes started. */
  readonly processes: number;
  readonly elapsedMs: number;
  readonly mode: Mode;
  /** The bench does not tell `tune` from `check`: the gain may be fitted to its inputs. */
  readonly sameInputs: boolean;
  readonly warnings: readonly string[];
}

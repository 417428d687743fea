import type { Configuration } from '../levers/types.js';

/** What the winner was compiled with. */
export interface LockCompiler {
  /** `gnu`: the levers are gcc's. */
  readonly vendor: 'llvm' | 'apple' | 'gnu';
  readonly version: string;
  readonly major: number;
}

/** Ratios above 1 are faster; `ci` is a 95 % interval. */
export interface LockMeasurement {
  readonly speedup: number;
  readonly ci: readonly [number, number];
  readonly vsStock: number;
  readonly vsStockCi: readonly [number, number];
  readonly noiseFloor: number;
  /** True when the bench gave the same inputs for tuning and for checking. */
  readonly sameInputs?: boolean;
  /** True when nothing was timed: the numbers come from instructions that an emulator counted and a model of the processor. */
  readonly estimate?: boolean;
}

/** The model whose proposals a session tried. */
export interface LockModel {
  readonly name: string;
  /** SHA-256 of the transcript of the session. */
  readonly transcript: string;
}

/** One translation unit on one target. */
export interface LockEntry {
  /** Source path relative to the package, with forward slashes. */
  readonly file: string;
  /** The `-o` argument as the build gives it; only when one file is compiled to several objects. */
  readonly object?: string;
  /** `linux-glibc-x64/x86-64-v1` and so on. */
  readonly target: string;
  /** The project's own compiler won: nothing is applied, and nothing needs tuning again. */
  readonly verdict?: 'stock';
  readonly compiler: LockCompiler;
  readonly levers: Configuration;
  /** SHA-256 over the source and `includes`, without comments and white space. */
  readonly source: string;
  /** Headers of the package that the source includes, relative to the package. */
  readonly includes: readonly string[];
  /** SHA-256 of the tuned object file. */
  readonly objectHash: string;
  readonly measured: LockMeasurement;
  readonly policy: string;
  /** Present when the policy asked a model. */
  readonly model?: LockModel;
}

export interface Lock {
  readonly version: 1;
  readonly entries: readonly LockEntry[];
}

/** Something in the lock that was refused; the translation unit builds as stock. */
export interface LockProblem {
  readonly where: string;
  readonly reason: string;
}

/** `missing`: no file. `invalid`: nothing of it can be used. `ok`: entries that passed every check, and what was refused. */
export type LockReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid'; readonly problem: LockProblem; readonly hint: string }
  | { readonly kind: 'ok'; readonly lock: Lock; readonly problems: readonly LockProblem[] };

/** One scalar setting of a lever. */
export type Scalar = string | number | boolean;

/**
 * A lever's value in a configuration: a scalar; for function attributes a list of mangled names; for
 * extension points a list of pass lever ids; for loop hints a map from loop key to scalar.
 */
export type LeverValue = Scalar | readonly string[] | Readonly<Record<string, Scalar>>;

/** Lever ids and values of one translation unit for one target. The empty one is the project's own build at -O3. */
export type Configuration = Readonly<Record<string, LeverValue>>;

export type LeverKind =
  | 'mllvm'
  | 'clang-flag'
  | 'cpu-feature'
  | 'opt-pipeline'
  | 'opt-extension-point'
  | 'loop-metadata'
  | 'function-attribute'
  | 'tool';

export type Gate = 'allowed' | 'opt-in' | 'blocked';

/** One thing that can be set. Made from the measured catalogue; see `catalogue.ts`. */
export interface Lever {
  readonly id: string;
  readonly kind: LeverKind;
  /** Legal values. Empty for free-form kinds (attributes, loop hints), which have their own check. */
  readonly values: readonly Scalar[];
  /** Integers between the smallest and largest listed value are legal too. */
  readonly range?: readonly [number, number];
  readonly target: 'any' | 'x86-64' | 'aarch64';
  /** LLVM majors on which the lever was seen working. */
  readonly majors: readonly number[];
  readonly gate: Gate;
  readonly risk: string;
  /** Rendering template, one argument per item, `{v}` stands for the value. */
  readonly args: readonly string[];
}

/** How a configuration is compiled. Arguments are appended to the project's own command. */
export type CompilePlan =
  | { readonly kind: 'flags'; readonly args: readonly string[] }
  | {
      readonly kind: 'two-stage';
      /** Added to the front-end call (`-Xclang -disable-llvm-passes -emit-llvm`). */
      readonly frontArgs: readonly string[];
      /** Arguments of `opt` without input and output, `-passes=...` included. */
      readonly optArgs: readonly string[];
      /** Added to the back-end call. */
      readonly backArgs: readonly string[];
      readonly hints: readonly IrHint[];
    };

/** An edit of the unoptimised IR. */
export type IrHint =
  | { readonly kind: 'attribute'; readonly function: string; readonly attribute: string; readonly value?: string }
  | { readonly kind: 'loop'; readonly loop: string; readonly metadata: string; readonly value?: Scalar };

/** What a configuration may use besides the allowed levers. */
export interface LeverPolicy {
  /** Ids of opt-in or blocked levers that the user's config allows by name. */
  readonly allow: readonly string[];
}

/** The compiler a configuration is rendered for. */
export interface RenderTarget {
  readonly arch: 'x64' | 'arm64';
  readonly major: number;
}

export type RenderResult =
  | { readonly ok: true; readonly plan: CompilePlan }
  | { readonly ok: false; readonly problems: readonly LeverProblem[] };

export interface LeverProblem {
  readonly id: string;
  readonly reason: string;
}

/** One scalar setting of a lever. */
export type Scalar = string | number | boolean;

/**
 * A lever's value in a configuration: a scalar (a profile's name is one); for function attributes a list of mangled names; for
 * extension points a list of pass lever ids; for loop hints a map from loop key to scalar.
 */
export type LeverValue = Scalar | readonly string[] | Readonly<Record<string, Scalar>>;

/** Lever ids and values of one translation unit for one target. The empty one is clang -O3; one for gcc has its level. */
export type Configuration = Readonly<Record<string, LeverValue>>;

export type LeverKind =
  | 'mllvm'
  | 'clang-flag'
  | 'gcc-flag'
  | 'cpu-feature'
  | 'opt-pipeline'
  | 'opt-extension-point'
  | 'loop-metadata'
  | 'function-attribute'
  | 'tool';

export type Gate = 'allowed' | 'opt-in' | 'blocked';

/**
 * What a lever's value looks like. `functions`: list of mangled names. `function-map`: name to value.
 * `loop-map`: loop key to value. `passes`: list of pass lever ids. `pass`: stands only in such a list.
 * `profile`: name of a profile. `none`: no configuration can hold it.
 */
export type LeverShape =
  | 'scalar'
  | 'functions'
  | 'function-map'
  | 'loop-map'
  | 'passes'
  | 'pass'
  | 'profile'
  | 'none';

/** What a pass of `opt` runs on; decides where it can be inserted. */
export type PassLevel = 'module' | 'cgscc' | 'function' | 'loop' | 'loop-mssa';

/** One thing that can be set. Made from the measured catalogue; see `catalogue.ts`. */
export interface Lever {
  readonly id: string;
  readonly kind: LeverKind;
  readonly shape: LeverShape;
  /** Legal scalars; of maps, what an item may hold. Empty where the shape needs none. */
  readonly values: readonly Scalar[];
  /** Integers between the smallest and largest listed value are legal too. */
  readonly range?: readonly [number, number];
  /** Of the range only powers of two are legal, besides the listed values. */
  readonly powersOfTwo?: boolean;
  readonly target: 'any' | 'x86-64' | 'aarch64';
  /** LLVM majors on which the lever was seen working; of gcc's levers nothing is said. */
  readonly majors: readonly number[];
  /** For a given compiler see `gateOf` in `gates.ts`. */
  readonly gate: Gate;
  /** Below this LLVM major the gate is `blocked`: wrong code was seen there. */
  readonly blockedBelow?: number;
  readonly risk: string;
  /** Rendering template, one argument per item; `{v}` stands for the value or the file of the profile, `{f}` for a function. */
  readonly args: readonly string[];
  /** What `opt` must be told when the flag steers clang's own optimiser pipeline; a template too. */
  readonly opt?: readonly string[];
  /** At most one lever of a group can be set. */
  readonly group?: string;
  /** Text for `opt -passes` (shape `pass`) and what runs there (shapes `pass` and `passes`). */
  readonly pass?: { readonly text: string; readonly level: PassLevel };
  /** Why no configuration can hold it, whatever is allowed (shape `none`). */
  readonly unreachable?: string;
}

/** How a configuration is compiled. Arguments are appended to the project's own command. */
export type CompilePlan =
  | {
      readonly kind: 'flags';
      readonly args: readonly string[];
      /** By the project's own gcc, whose command keeps its level of optimisation but for what `args` say. */
      readonly gcc?: true;
    }
  | {
      readonly kind: 'two-stage';
      /** Added to the front-end call (`-Xclang -disable-llvm-passes -emit-llvm`). */
      readonly frontArgs: readonly string[];
      /**
       * Arguments of `opt` besides input, output and `-passes`, which follows from the level and `-g` of the command.
       * Absent when nothing is inserted into the pipeline: then the back-end call optimises, and `opt` is not needed.
       */
      readonly optArgs?: readonly string[];
      /** Added to the back-end call. */
      readonly backArgs: readonly string[];
      readonly hints: readonly IrHint[];
      /** The object also carries a module for ThinLTO, written by this LLVM; never together with `optArgs`. */
      readonly thinLto?: { readonly major: number };
    };

/** An edit of the unoptimised IR. */
export type IrHint =
  | {
      readonly kind: 'attribute';
      readonly function: string;
      readonly attribute: string;
      readonly value?: string;
    }
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
  /** ISA level of the code, one of `target/isa.ts`; what every processor runs when absent. */
  readonly level?: string;
  /** The project is compiled by gcc here: configurations may be for it. */
  readonly gcc?: boolean | undefined;
  /** Folder with the profiles; without it no configuration that uses one can be rendered. */
  readonly profiles?: string;
}

export type RenderResult =
  | { readonly ok: true; readonly plan: CompilePlan }
  | { readonly ok: false; readonly problems: readonly LeverProblem[] };

export interface LeverProblem {
  readonly id: string;
  readonly reason: string;
}

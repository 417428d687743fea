/** One variant as the child sees it: real path that the package loads → file to load instead. */
export type ChildBinaries = Readonly<Record<string, string>>;

interface ChildTarget {
  readonly packageRoot: string;
  readonly entry?: string;
  /** Absolute path of the bench module. */
  readonly bench: string;
  readonly inputs: 'tune' | 'check';
  readonly variants: readonly ChildBinaries[];
  /** Where the result goes, as `v8.serialize` writes it: the addon may print on stdout. */
  readonly out: string;
}

/** Time the variants in turn; the first is the baseline. */
export interface TimeSpec extends ChildTarget {
  readonly kind: 'time';
  readonly sliceMs: number;
  /** Rounds of slices; when absent, as many as give each variant `perVariantMs` over all cases. */
  readonly rounds?: number;
  readonly perVariantMs?: number;
  /** However long the cases' calls are; 6 when absent. */
  readonly leastRounds?: number;
  /** No further round is started after this time, once two are done. */
  readonly budgetMs: number;
  /** Number of the process; rotates the order of loading and of slices. */
  readonly turn: number;
  /** The cases that are timed; all when absent. */
  readonly cases?: readonly string[];
  /** Calls per slice; calibrated on the baseline when absent. */
  readonly calls?: Readonly<Record<string, number>>;
}

/** Call every case and hand back what it returned. */
export interface OutputsSpec extends ChildTarget {
  readonly kind: 'outputs';
}

/** Call all cases in turn for a while. */
export interface ProfileSpec extends ChildTarget {
  readonly kind: 'profile';
  readonly durationMs: number;
}

/** Under an emulator that counts: call every case of every variant once to warm up and once to be counted. */
export interface CountSpec extends ChildTarget {
  readonly kind: 'count';
}

export type ChildSpec = TimeSpec | OutputsSpec | ProfileSpec | CountSpec;

/** One timed slice: index of the variant and its time in nanoseconds. */
export type Slice = readonly [variant: number, ns: number];

export interface TimeResult {
  readonly kind: 'time';
  readonly sameInputs: boolean;
  readonly calls: Readonly<Record<string, number>>;
  /** Per case and round, the slices in the order in which they ran. */
  readonly rounds: Readonly<Record<string, readonly (readonly Slice[])[]>>;
}

export interface CaseOutputs {
  /** What the calls returned, made serialisable by `encodeOutput`. */
  readonly outputs: readonly unknown[];
  /** Set when the case threw or rejected. */
  readonly threw?: string;
}

export interface OutputsResult {
  readonly kind: 'outputs';
  readonly sameInputs: boolean;
  readonly variants: readonly {
    readonly cases: Readonly<Record<string, CaseOutputs>>;
    /** Which of the package's binaries were loaded from this variant. */
    readonly loaded: readonly string[];
    /** What the loader said when it refused a file. */
    readonly loadErrors: readonly string[];
  }[];
}

/** When a case was at work: begin and end in nanoseconds of the monotonic clock. */
export interface CasePhase {
  readonly case: string;
  readonly begin: number;
  readonly end: number;
}

export interface ProfileResult {
  readonly kind: 'profile';
  /** In the order of time, without overlap. */
  readonly phases: readonly CasePhase[];
}

export interface CountResult {
  readonly kind: 'count';
  readonly sameInputs: boolean;
  /** What was counted in phase 1, 2, and so on. */
  readonly phases: readonly { readonly variant: number; readonly case: string }[];
  /** As in the spec: the files that were loaded. */
  readonly variants: readonly ChildBinaries[];
}

/** A failure which the child could still report itself. */
export interface ChildFailure {
  readonly kind: 'failure';
  readonly stage: 'bench' | 'load' | 'cases' | 'no-cases' | 'case' | 'not-loaded';
  /** Index of the variant at work. */
  readonly variant?: number;
  readonly case?: string;
  readonly detail: string;
}

export type ChildResult = TimeResult | OutputsResult | ProfileResult | CountResult | ChildFailure;

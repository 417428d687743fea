/** One optimization remark, deduplicated per function. */
export interface Remark {
  readonly kind: string;
  readonly pass: string;
  readonly name: string;
  /** Mangled. */
  readonly function: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number };
  /** Named values of the remark, and `Message`: its whole text, shortened. */
  readonly args: Readonly<Record<string, string>>;
  /** How many identical remarks (same pass, name, place and callee) this one stands for. */
  readonly count: number;
}

/** A function of the translation unit and its share of the benchmark's time in the addon, 0 to 1. */
export interface HotFunction {
  /** Mangled. */
  readonly name: string;
  readonly share: number;
  /** Its share of the time of each case of the bench, 0 to 1, where that was sampled. */
  readonly cases?: Readonly<Record<string, number>>;
}

/** Facts about one translation unit under one configuration, for policies. Hot functions only. */
export interface Evidence {
  readonly file: string;
  /** The translation unit's share of the time spent in the addon, 0 to 1. */
  readonly share: number;
  readonly hot: readonly HotFunction[];
  /** Optimisation level of the project's own command, `0` to `3`, `s` or `z`. */
  readonly ownLevel?: string;
  readonly remarks: readonly Remark[];
  readonly assembly: readonly AssemblyFacts[];
  /** Loops of the hot functions' source, where loops were asked for. */
  readonly loops?: readonly HotLoop[];
  /** Sources of evidence and whether they could be used here: `remarks`, `perf`, `assembly`, `loops`. */
  readonly sources: Readonly<Record<string, 'used' | string>>;
}

/** A loop of the source of a hot function, or of one that was inlined into it. */
export interface HotLoop {
  /** Key for levers `md:…`. */
  readonly key: string;
  /** The hot function, mangled; the loop may come from another one, which its key names. */
  readonly function: string;
  readonly file: string;
  readonly startLine: number;
  readonly endLine: number;
  /** No other loop is inside. */
  readonly innermost: boolean;
}

/** Counted in the disassembly of one function. */
export interface AssemblyFacts {
  readonly function: string;
  readonly instructions: number;
  readonly bytes: number;
  /** Instructions on vector registers that are not scalar floating point. */
  readonly vector: number;
  readonly calls: number;
  /** Calls through a register or memory: function pointers, virtual functions. */
  readonly indirectCalls: number;
  /** Conditional branches. */
  readonly branches: number;
  /** Conditional moves and selects. */
  readonly cmov: number;
  /** Conditional moves that x86 code would have, had the compiler not turned them into branches; where that was asked for. */
  readonly branchedSelects?: number;
  /** Memory accesses relative to the stack or frame pointer: spills, reloads, locals. */
  readonly stackAccesses: number;
  /** Jumps through a register or memory: jump tables, interpreters. */
  readonly indirectJumps: number;
  /** Integer divisions. */
  readonly divisions: number;
}

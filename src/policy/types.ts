import type { EvidenceChange } from '../evidence/compare.js';
import type { IrFeatures } from '../evidence/ir-features.js';
import type { StaticCost } from '../evidence/static-cost.js';
import type { AssemblyFacts, Evidence, Remark } from '../evidence/types.js';
import type { Configuration } from '../levers/types.js';

/** What a policy wants to try, and why. */
export interface Proposal {
  readonly configuration: Configuration;
  /** One sentence for a person: which evidence led to which lever, and what it should bring. */
  readonly reason: string;
  /** Names of the rules, `seed` or `random`; kept in the journal. */
  readonly origin: string;
  /** What the proposer expects, where it says so; kept with the trial. */
  readonly prediction?: Prediction;
}

/** What a proposal should change, in percent of what its parent has; negative is less. */
export interface Prediction {
  readonly hypothesis: string;
  /** Of the hot functions' instructions. */
  readonly instructions?: number;
  /** Of the hot functions' bytes. */
  readonly size?: number;
  /** Of the bench's time. */
  readonly time?: number;
  /** The configuration that the proposal was derived from. */
  readonly parent: Configuration;
}

export type TrialOutcome =
  | 'faster'
  | 'slower'
  | 'within-noise'
  | 'identical'
  | 'incorrect'
  | 'failed'
  | 'refused';

/** A finished trial as policies see it. */
export interface PolicyTrial {
  readonly configuration: Configuration;
  readonly origin: string;
  readonly outcome: TrialOutcome;
  /** Speedup over the incumbent's baseline (`-O3`) where measured; above 1 is faster. */
  readonly speedup?: number;
  readonly ci?: readonly [number, number];
  /** The speedup of each case of the bench. */
  readonly cases?: Readonly<Record<string, number>>;
  /** What the levers did to the hot code, of trials that lost. */
  readonly change?: EvidenceChange;
  readonly prediction?: Prediction;
}

/** A trial and what it did to the parts of the code, as far as the times of the cases tell; speedups over `-O3`. */
export interface SeenTrial extends PolicyTrial {
  /** Of all code of the scope's units. */
  readonly inUnit?: number;
  /** Of each hot function of the scope's units, by its mangled name. */
  readonly functions?: Readonly<Record<string, number>>;
}

/** All a policy may look at. */
export interface PolicyInput {
  /** `addon`: one configuration for all hot units at once; `unit`: for the unit that the evidence is of. */
  readonly scope: 'addon' | 'unit';
  readonly arch: 'x64' | 'arm64';
  readonly major: number;
  /** ISA level of the code; what every processor runs when absent. */
  readonly level?: string;
  /** The core that the session's target names; a value of the mtune lever. */
  readonly cpu?: string;
  readonly language: 'c' | 'c++';
  /** The project is compiled by gcc, for which configurations may be as well. They are compared with the incumbent, and never become it. */
  readonly gcc?: boolean | undefined;
  /** Under `-O3` without levers. */
  readonly evidence: Evidence;
  readonly incumbent: Configuration;
  readonly history: readonly SeenTrial[];
  /** In scope `unit`: what was tried on all hot units at once before. */
  readonly addonTrials?: readonly SeenTrial[];
  readonly allow: readonly string[];
  /** The session's profiles of the bench, each as the configuration that uses it. */
  readonly profiles?: readonly Configuration[];
  /** How many proposals are wanted now. */
  readonly batch: number;
  /** Asks the compiler about the units of the scope. */
  readonly inspect?: Inspector;
  /** Code of other sessions that reacts like this, most similar first. Compiles the units a few times when first asked. */
  readonly similar?: () => Promise<readonly SimilarUnit[]>;
}

/** What was measured on code of another session. */
export interface SimilarUnit {
  /** Of the reactions to a fixed set of configurations: 1 where they are equal, 0 where nothing is common. */
  readonly similarity: number;
  /** Speedups over plain -O3 there, with 95 % intervals; each configuration is legal here. */
  readonly results: readonly {
    readonly configuration: Configuration;
    readonly speedup: number;
    readonly ci: readonly [number, number];
  }[];
}

/** An answer of the compiler, or why there is none. The text comes from the program and is not to be trusted. */
export type Inspection =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** What compiling a configuration gave; facts are of the hot functions of all units of the scope. */
export type CompiledFacts =
  | {
      readonly kind: 'compiled';
      /** The same machine code as plain `-O3`. */
      readonly isBaseline: boolean;
      /** Equal for equal machine code. */
      readonly hash: string;
      readonly assembly: readonly AssemblyFacts[];
      readonly remarks: readonly Remark[];
      /** Of the hottest functions. */
      readonly costs: readonly StaticCost[];
    }
  | { readonly kind: 'refused' | 'failed'; readonly reason: string };

/** Questions about the units of a scope; they change nothing. Functions are named by their mangled names. */
export interface Inspector {
  compile(configuration: Configuration): Promise<CompiledFacts>;
  ir(functionName: string, stage: 'before' | 'after', configuration: Configuration): Promise<Inspection>;
  /** Machine code, the innermost loops with their static cost. */
  assembly(functionName: string, configuration: Configuration): Promise<Inspection>;
  /** Keys for loop hints, with source lines. */
  loops(functionName: string): Promise<Inspection>;
  features(functionName: string): Promise<IrFeatures | undefined>;
  pipeline(): Promise<Inspection>;
  /** Sources of evidence that were asked: `used`, or why they could not be. */
  readonly sources: Readonly<Record<string, string>>;
}

/** Proposes configurations for one translation unit. An empty answer means: nothing left to try. */
export interface Policy {
  readonly name: string;
  propose(input: PolicyInput): Promise<readonly Proposal[]>;
  /** Checks, before a session begins, that what the policy depends on works. */
  prepare?(): Promise<void>;
  /** What the policy says of itself at the end of a session. */
  report?(): PolicyReport | undefined;
}

/** A model's part in a session. */
export interface PolicyReport {
  readonly model: string;
  /** SHA-256 of the transcript of all exchanges. */
  readonly transcript: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Absent where no price is known. */
  readonly cost?: number;
  /** Proposals that the model made, those that could be used, and those of them that had to be repaired. */
  readonly proposals: { readonly made: number; readonly valid: number; readonly repaired: number };
  readonly calibration?: Calibration;
  /** Sources of evidence: `used`, or why they could not be. */
  readonly sources: Readonly<Record<string, string>>;
  /** What went wrong and what was done about it, in sentences. */
  readonly notes: readonly string[];
}

/** How predictions of the change in time compare with measurements. */
export interface Calibration {
  readonly trials: number;
  /** Mean distance in percent points. */
  readonly error: number;
  /** Share of the predictions with the right sign, of the trials that differed from their parent. */
  readonly rightDirection: number;
}

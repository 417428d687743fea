import type { Config } from '../config/load.js';
import type { Logger } from '../log.js';
import { measureVariants } from '../measure/measure.js';
import type { MeasureRequest, MeasureResult, Variant } from '../measure/types.js';
import { createVerifier, type Verification, type Verifier } from '../verify/verify.js';
import type { Preparation } from './prepare.js';

/** Verifies and measures variants of one package with the session's settings, and counts processes. */
export class Trials {
  processes = 0;
  sameInputs = false;
  /** Whether speed is estimated and not measured. */
  readonly isEstimate: boolean;
  readonly warnings: Set<string> = new Set();
  private seed: number;
  private readonly verifier: Verifier;

  constructor(
    config: Pick<Config, 'seed' | 'tolerance'>,
    private readonly prep: Pick<Preparation, 'bench' | 'stock' | 'mode' | 'emulated'>,
    private readonly logger: Logger,
    /** Whether candidates are code for another ISA level than the stock build. */
    isOtherLevel = false,
  ) {
    this.seed = config.seed;
    const { bench, stock, mode, emulated } = prep;
    this.isEstimate = emulated !== undefined && bench.device === undefined;
    const { tolerance } = config;
    this.verifier = createVerifier({
      ...bench,
      reference: stock,
      isOtherLevel,
      mode,
      ...(tolerance !== undefined && { tolerance: { absolute: tolerance, relative: tolerance } }),
    });
  }

  nextSeed(): number {
    return this.seed++;
  }

  /** Exported symbols, and outputs on both input sets, against the stock build; one verdict per candidate, in their order. */
  async verify(candidates: readonly Variant[]): Promise<Verification[]> {
    const verdicts = await this.verifier.verify(candidates);
    return candidates.map(({ id }) => {
      const verdict = verdicts.get(id);
      if (verdict === undefined) throw new Error(`no verdict on ${id}`);
      return verdict;
    });
  }

  async measure(
    request: Pick<MeasureRequest, 'baseline' | 'candidates' | 'goal' | 'inputs'> &
      Partial<
        Pick<MeasureRequest, 'minProcesses' | 'maxProcesses' | 'maxMs' | 'stopBelow' | 'contest' | 'cases'>
      >,
  ): Promise<MeasureResult> {
    const { bench, mode, emulated } = this.prep;
    const whole = { ...bench, mode, seed: this.nextSeed(), logger: this.logger, ...request };
    const result = await (emulated !== undefined && this.isEstimate
      ? emulated.estimator.estimateVariants({ ...whole, node: emulated.node })
      : measureVariants(whole));
    this.processes += result.processes;
    this.sameInputs ||= result.sameInputs;
    for (const warning of result.warnings) this.warnings.add(warning);
    return result;
  }
}

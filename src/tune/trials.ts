import type { Config } from '../config/load.js';
import type { Logger } from '../log.js';
import { measureVariants } from '../measure/measure.js';
import type { MeasureRequest, MeasureResult, Mode, Variant } from '../measure/types.js';
import { createVerifier, type Verification, type Verifier } from '../verify/verify.js';

type Bench = NonNullable<Config['bench']>;

/** Verifies and measures variants of one package with the session's settings, and counts processes. */
export class Trials {
  processes = 0;
  sameInputs = false;
  readonly warnings: Set<string> = new Set();
  private seed: number;
  private readonly verifier: Verifier;

  constructor(
    private readonly options: {
      readonly config: Config;
      readonly bench: Bench;
      readonly stock: Variant;
      readonly mode: Mode;
      readonly workDir: string;
      readonly logger: Logger;
      readonly signal: AbortSignal | undefined;
    },
  ) {
    this.seed = options.config.seed;
    const { config, bench, stock, mode, workDir, signal } = options;
    this.verifier = createVerifier({
      packageRoot: config.packageRoot,
      bench,
      reference: stock,
      mode,
      workDir,
      ...(config.entry !== undefined && { entry: config.entry }),
      ...(config.tolerance !== undefined && {
        tolerance: { absolute: config.tolerance, relative: config.tolerance },
      }),
      ...(signal && { signal }),
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
      Partial<Pick<MeasureRequest, 'minProcesses' | 'maxProcesses' | 'maxMs' | 'stopBelow'>>,
  ): Promise<MeasureResult> {
    const { config, bench, mode, workDir, logger, signal } = this.options;
    const result = await measureVariants({
      packageRoot: config.packageRoot,
      bench,
      seed: this.nextSeed(),
      mode,
      workDir,
      logger,
      ...(config.entry !== undefined && { entry: config.entry }),
      ...(signal && { signal }),
      ...request,
    });
    this.processes += result.processes;
    this.sameInputs ||= result.sameInputs;
    for (const warning of result.warnings) this.warnings.add(warning);
    return result;
  }
}

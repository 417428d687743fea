import type { Config } from '../config/load.js';
import type { Logger } from '../log.js';
import { measureVariants } from '../measure/measure.js';
import type { MeasureRequest, MeasureResult, Mode, Variant } from '../measure/types.js';
import { type Verification, verifyVariant } from '../verify/verify.js';

type Bench = NonNullable<Config['bench']>;

/** Verifies and measures variants of one package with the session's settings, and counts processes. */
export class Trials {
  processes = 0;
  sameInputs = false;
  readonly warnings: Set<string> = new Set();
  private seed: number;

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
  }

  nextSeed(): number {
    return this.seed++;
  }

  /** Outputs on both input sets, and loading, against the stock build. */
  verify(candidate: Variant): Promise<Verification> {
    const { config, bench, stock, workDir, signal } = this.options;
    return verifyVariant({
      packageRoot: config.packageRoot,
      bench,
      reference: stock,
      candidate,
      workDir,
      ...(config.entry !== undefined && { entry: config.entry }),
      ...(config.tolerance !== undefined && {
        tolerance: { absolute: config.tolerance, relative: config.tolerance },
      }),
      ...(signal && { signal }),
    });
  }

  async measure(
    request: Pick<MeasureRequest, 'baseline' | 'candidates' | 'goal' | 'inputs'> &
      Partial<Pick<MeasureRequest, 'minProcesses' | 'maxProcesses' | 'noiseFloor'>>,
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

import { failureText, run as runNow } from '../toolchain/run.js';
import { parseCompileArgs } from './command-args.js';
import { compileTwoStage, type TwoStageRequest } from './two-stage.js';

/** A compilation that one call of a compiler does. */
export interface FlagsRequest extends Omit<TwoStageRequest, 'plan' | 'opt' | 'objcopy'> {
  /** Added to `args`. */
  readonly flags: readonly string[];
  /** The compiler is gcc. */
  readonly gcc?: boolean;
}

/** Compiles in one call; the answer is what went wrong. */
export async function compileOnce({
  compiler,
  args,
  flags,
  gcc = false,
  run = runNow,
  ...limits
}: FlagsRequest): Promise<string | undefined> {
  const quiet = gcc ? [] : ['-fno-crash-diagnostics'];
  const result = await run([compiler, ...args, ...quiet, ...flags], limits);
  return result.code === 0 ? undefined : failureText(result);
}

/**
 * Makes the same object, byte for byte, by a front end that does not depend on LLVM's options, which a `run` that keeps what front ends make runs once for many
 * of them; in one call where the command is not one of a single source. The answer is what went wrong.
 * @param backFlags further flags, which the front end is not told
 */
export async function compileStaged(
  { flags, ...request }: FlagsRequest,
  backFlags: readonly string[] = [],
): Promise<string | undefined> {
  const all = [...flags, ...backFlags];
  if (parseCompileArgs(request.args) === undefined) return compileOnce({ ...request, flags: all });
  const frontArgs = flags.filter((arg, index) => arg !== '-mllvm' && flags[index - 1] !== '-mllvm');
  const plan = { kind: 'two-stage', frontArgs, backArgs: all, hints: [] } as const;
  const result = await compileTwoStage({ ...request, plan });
  return result.ok ? undefined : `${result.stage}: ${result.stderr}`;
}

import { readFile } from 'node:fs/promises';
import { compileTwoStage } from '../levers/two-stage.js';
import type { Logger } from '../log.js';
import { parseCommand } from './parse-command.js';
import { parseTwoStagePlan, tunedBaseArgs } from './plan-file.js';

export interface TwoStageCall {
  readonly planFile: string;
  readonly packageRoot: string;
  readonly compiler: string;
  /** The project's arguments, without its compiler. */
  readonly args: readonly string[];
  readonly cwd: string;
}

/**
 * Compiles one source as its two-stage plan says. The launcher runs the project's own command when this returns false.
 */
export async function twoStageCommand(call: TwoStageCall, logger: Logger): Promise<boolean> {
  const data = parseTwoStagePlan(await readFile(call.planFile, 'utf8'));
  // The launcher compared the call's target with the plan's.
  const own = { cwd: call.cwd, argv: [call.compiler, ...call.args] };
  const command = parseCommand(own, call.packageRoot, data?.target);
  if (data === undefined || command?.kind !== 'compile' || command.untunable !== undefined) return false;
  const { opt, 'llvm-objcopy': objcopy } = data.clang.tools;
  const result = await compileTwoStage({
    compiler: call.compiler,
    args: [...call.args, ...tunedBaseArgs],
    cwd: call.cwd,
    plan: data.plan,
    ...(opt === undefined ? {} : { opt }),
    ...(objcopy === undefined ? {} : { objcopy }),
  });
  if (!result.ok) logger.warn(`${command.file}: ${result.stage}: ${firstLine(result.stderr)}`);
  else if (result.skipped.length > 0) {
    logger.warn(
      `${command.file}: ${result.skipped.length} hint(s) no longer fit: ${result.skipped[0]?.reason}`,
    );
  }
  return result.ok;
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}

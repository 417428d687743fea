import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../log.js';
import { parseLinkPlan } from './plan-file.js';
import { linkThinLto } from './thin-lto-link.js';

export interface ThinLtoCall {
  readonly planFile: string;
  /** The project's link command. */
  readonly argv: readonly string[];
  readonly cwd: string;
}

/** Links with ThinLTO where there is something for it to do. The launcher runs the project's own command when this returns false. */
export async function thinLtoCommand({ planFile, argv, cwd }: ThinLtoCall, logger: Logger): Promise<boolean> {
  const tools = parseLinkPlan(await readFile(planFile, 'utf8')) ?? [];
  const scratch = path.dirname(path.dirname(planFile));
  const outcome = await linkThinLto({ argv, cwd, tools, scratch });
  if (outcome.kind === 'failed') {
    const addon = argv.find((word) => word.endsWith('.node')) ?? 'the addon';
    logger.warn(`${path.basename(addon)} is linked without ThinLTO: ${outcome.reason}`);
  }
  if (outcome.kind === 'linked') process.stderr.write(outcome.stderr);
  return outcome.kind === 'linked';
}

import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { installDispatcher } from '../build/dispatch-files.js';
import type { LinkCommand } from '../build/types.js';
import { AutoPassError } from '../errors.js';
import { elfSection } from '../levers/elf-section.js';
import { failureText, run } from '../toolchain/run.js';
import { compileDispatcher } from './compile-dispatcher.js';

const stripMs = 120_000;

/** What one addon's places share. */
export interface DispatchParts {
  /** The command that linked the addon. */
  readonly link: LinkCommand;
  /** Levels with a variant, best first, without the baseline. */
  readonly levels: readonly string[];
  readonly baseline: string;
  /** Holds the variants by level, and keeps what is made of them for a place. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Puts variants and a dispatcher where a copy of the addon lies, under its name. Beside a stripped copy they are stripped as well.
 * @throws AutoPassError `DISPATCHER_FAILED`, `STRIP_FAILED`
 */
export async function dispatchAt(addon: string, parts: DispatchParts): Promise<void> {
  const { link, levels, baseline, folder, env } = parts;
  const dispatcher = path.join(folder, `dispatcher-${path.basename(addon, '.node')}`);
  if (!existsSync(dispatcher)) {
    const draft = `${dispatcher}.tmp`;
    await compileDispatcher({ link, addon, levels: [...levels, baseline], output: draft });
    await rename(draft, dispatcher);
  }
  const isStripped = elfSection(await readFile(addon), '.symtab') === undefined;
  const variants = new Map<string, string>();
  for (const level of levels) {
    const file = path.join(folder, level);
    variants.set(level, isStripped ? await stripped(file, env) : file);
  }
  await installDispatcher(addon, { baseline, variants, dispatcher });
}

/** With the tool that prebuildify takes. */
async function stripped(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  const output = `${file}.stripped`;
  const argv = [env.PREBUILD_STRIP_BIN || 'strip', '--strip-all', '-o', output, file];
  const result = await run(argv, { timeoutMs: stripMs });
  if (result.code !== 0)
    throw new AutoPassError('STRIP_FAILED', failureText(result), { family: 'toolchain' });
  return output;
}

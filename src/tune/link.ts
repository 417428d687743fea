import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { AddonBinary } from '../build/find-binaries.js';
import { type LinkStep, type RelinkOptions, relink } from '../build/relink.js';
import { linkThinLto, type ThinLtoRequest } from '../build/thin-lto-link.js';
import type { BuildRecord } from '../build/types.js';
import { AutoPassError } from '../errors.js';
import type { Variant } from '../measure/types.js';
import { failureText, run } from '../toolchain/run.js';

const linkTimeoutMs = 120_000;

export interface LinkAddonOptions extends Omit<RelinkOptions, 'output'> {
  /** As in builds, units with the lever `lto-thin` are optimised as a whole; absent: they are linked as they are. */
  readonly thinLto?: Pick<ThinLtoRequest, 'tools' | 'cache'>;
}

/**
 * Links every addon file of the package again, each in a folder of its own below `into`.
 * @throws AutoPassError `RELINK_FAILED`
 */
export async function linkAddon(
  record: BuildRecord,
  addons: readonly AddonBinary[],
  options: LinkAddonOptions,
): Promise<Variant['binaries']> {
  const binaries: Record<string, string> = {};
  for (const [index, { link, loaded }] of addons.entries()) {
    const into = path.join(options.into, String(index));
    await mkdir(into, { recursive: true });
    const { steps, output } = relink(record, { ...options, output: link.output, into });
    for (const step of steps) {
      if (step.output === output && (await isLinkedThin(step, into, options))) continue;
      const result = await run(step.argv, { cwd: step.cwd, timeoutMs: linkTimeoutMs });
      if (result.code !== 0) {
        throw new AutoPassError(
          'RELINK_FAILED',
          `Relinking ${path.basename(loaded)} failed: ${failureText(result)}`,
          {
            family: 'toolchain',
            hint: 'Build the package from scratch and run autopass tune again.',
          },
        );
      }
    }
    binaries[loaded] = output;
  }
  return binaries;
}

/** Where ThinLTO fails, the project's own link stands in, as it does in builds. */
async function isLinkedThin(
  step: LinkStep,
  scratch: string,
  { thinLto }: LinkAddonOptions,
): Promise<boolean> {
  if (thinLto === undefined) return false;
  const { argv, cwd } = step;
  return (await linkThinLto({ ...thinLto, argv, cwd, scratch })).kind === 'linked';
}

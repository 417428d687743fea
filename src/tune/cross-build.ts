import { rm } from 'node:fs/promises';
import { type AddonBinary, findAddonBinaries } from '../build/find-binaries.js';
import { loadRecord } from '../build/record.js';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Target } from '../target/target.js';
import { type BinaryNeeds, binaryNeeds } from '../verify/cross-binary.js';
import { buildPackage } from './build-package.js';
import { type CrossCopy, crossFolder, makeCrossCopy } from './cross-copy.js';
import { explainFailure } from './explain-failure.js';
import { lockStatus } from './lock-status.js';

export interface CrossBuild extends CrossCopy {
  readonly target: Target;
  readonly binaries: readonly AddonBinary[];
  /** What a machine must have for each of them, in order. */
  readonly needs: readonly BinaryNeeds[];
  /** Files that were compiled as the lock says. */
  readonly applied: readonly string[];
}

/**
 * Builds the package for another machine from scratch, in a copy of its sources below `.autopass/cross/`, with clang and the lock's entries for
 * that target, and checks what came out.
 * @throws AutoPassError `NO_CLANG`, `NO_CROSS_TOOLS`, `BUILD_FAILED`, `ISA_FEATURE`, `NO_ADDON`, `WRONG_MACHINE`, `WRONG_LIBC`, `GLIBC_TOO_NEW`
 */
export async function crossBuild(
  config: Config,
  target: Target,
  options: { logger: Logger; signal?: AbortSignal },
): Promise<CrossBuild> {
  const folder = crossFolder(config.packageRoot, target, 'cross');
  await rm(folder, { recursive: true, force: true });
  const copy = await makeCrossCopy(config, target, folder);
  const { env } = copy;
  await buildPackage({ config: copy.config, mode: 'apply', env, ...options }).catch((error: unknown) => {
    throw explainFailure(error, target, folder);
  });
  const binaries = await findAddonBinaries(await loadRecord(folder));
  if (binaries.length === 0) {
    throw new AutoPassError('NO_ADDON', `The build in ${folder} made no .node file that was seen.`, {
      hint: 'Name the command that builds the addon from scratch as "build" in autopass.config.*',
    });
  }
  const needs: BinaryNeeds[] = [];
  for (const { loaded } of binaries) needs.push(await binaryNeeds(loaded, target, config.cross.glibc));
  const status = await lockStatus(folder, config.isa, env);
  const applied = status.entries.filter(({ state }) => state === 'applied').map(({ entry }) => entry.file);
  return { ...copy, target, binaries, needs, applied };
}

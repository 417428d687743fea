import path from 'node:path';
import { type AddonBinary, findAddonBinaries } from '../build/find-binaries.js';
import { loadRecord } from '../build/record.js';
import type { Config } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import type { Device } from '../measure/device/device.js';
import type { BenchTarget, Variant } from '../measure/types.js';
import { compareAcross } from '../verify/across.js';
import type { CrossBuild } from './cross-build.js';
import { crossNode } from './cross-node.js';

/**
 * Runs the bench's cases on a cross build, on a device or else here, under an emulator where the architecture is another one, and compares
 * what they return with the build for this machine.
 * @returns how many cases were compared
 * @throws AutoPassError `NO_BENCH`, `NO_NATIVE_BUILD`, `NO_CROSS_NODE`, `NO_EMULATOR`, `BENCH_FAILED`, `INCORRECT`
 */
export async function verifyCross(
  config: Config,
  build: CrossBuild,
  { device, signal }: { device?: Device | undefined; signal?: AbortSignal } = {},
): Promise<number> {
  const { bench, packageRoot } = config;
  if (bench?.kind !== 'module') {
    throw new AutoPassError('NO_BENCH', 'Outputs of a cross build are compared with a bench module only.', {
      hint: 'Write one with: autopass init',
    });
  }
  const native = await findAddonBinaries(await loadRecord(packageRoot));
  if (native.length === 0) {
    throw new AutoPassError('NO_NATIVE_BUILD', 'There is no build for this machine to compare with.', {
      hint: 'autopass build',
    });
  }
  const place = (root: string): BenchTarget => ({
    packageRoot: root,
    bench,
    workDir: path.join(root, '.autopass/work'),
    ...(config.entry !== undefined && { entry: config.entry }),
    ...(signal && { signal }),
  });
  const where = device === undefined ? { node: await crossNode(config, build.toolchain) } : { device };
  const tolerance = config.tolerance && { absolute: config.tolerance, relative: config.tolerance };
  const verdict = await compareAcross(
    { target: place(packageRoot), build: variant('native', native) },
    { target: { ...place(build.folder), ...where }, build: variant('cross', build.binaries) },
    tolerance || undefined,
  );
  if (verdict.outcome === 'equal') return verdict.cases;
  if (verdict.outcome === 'failed') throw new AutoPassError('BENCH_FAILED', verdict.detail);
  throw new AutoPassError(
    'INCORRECT',
    `The cross build does not return what the build for this machine does: ${verdict.detail}`,
    {
      exitCode: exitCodes.incorrect,
      hint: 'For floating-point results, which contract differently on ARM64, set "tolerance" or compile with -ffp-contract=off.',
    },
  );
}

function variant(id: string, binaries: readonly AddonBinary[]): Variant {
  return { id, binaries: Object.fromEntries(binaries.map(({ link, loaded }) => [loaded, link.output])) };
}

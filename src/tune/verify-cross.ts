import path from 'node:path';
import { type AddonBinary, findAddonBinaries } from '../build/find-binaries.js';
import { loadRecord } from '../build/record.js';
import type { Config } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import type { Device } from '../measure/device/device.js';
import type { BenchTarget, Variant } from '../measure/types.js';
import { which } from '../toolchain/find-clang.js';
import { compareAcross } from '../verify/across.js';
import type { CrossBuild } from './cross-build.js';

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
  const where = device === undefined ? { node: await crossNode(config, build) } : { device };
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

/** The words that start the target's Node here. */
async function crossNode(config: Config, { target, toolchain }: CrossBuild): Promise<readonly string[]> {
  const { node, emulator } = config.cross;
  if (target.arch === process.arch && node === undefined) return [process.execPath];
  if (node === undefined) {
    throw new AutoPassError('NO_CROSS_NODE', `Checking outputs needs a Node for ${target.arch}.`, {
      hint: `npm pack node-linux-${target.arch}@${process.versions.node}, unpack it, and name its bin/node as "cross.node" in autopass.config.*`,
    });
  }
  const file = path.resolve(config.packageRoot, node);
  if (emulator !== undefined) return [...emulator, file];
  if (target.arch === process.arch) return [file];
  const name = target.arch === 'arm64' ? 'qemu-aarch64' : 'qemu-x86_64';
  const found = await which(name);
  if (found === undefined) {
    throw new AutoPassError('NO_EMULATOR', `${name} was not found.`, {
      family: 'toolchain',
      hint: 'On Debian or Ubuntu: apt-get install qemu-user. Or name a command as "cross.emulator" in autopass.config.*',
    });
  }
  // Where Debian's cross packages put the libraries.
  return [found, '-L', toolchain.sysroot ?? `/usr/${toolchain.triple}`, file];
}

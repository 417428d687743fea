import path from 'node:path';
import { execa } from 'execa';
import { crossEnvironment } from '../build/cross-environment.js';
import { type BuildSystem, detectBuildSystem } from '../build/detect-build-system.js';
import { execEnvironment } from '../build/exec-environment.js';
import { findAddonBinaries, restoreAddons } from '../build/find-binaries.js';
import { prepareCMakeBuild } from '../build/prepare-cmake.js';
import { loadRecord } from '../build/record.js';
import { sync } from '../build/sync.js';
import type { Config } from '../config/load.js';
import { exitCodes } from '../errors.js';
import type { Logger } from '../log.js';
import { buildMachine } from '../target/machine.js';
import type { Target } from '../target/target.js';
import { binaryNeeds, formatNeeds } from '../verify/cross-binary.js';
import { configuredEnvironment, isHooked } from './build-package.js';
import { configuredToolchain } from './cross-copy.js';
import { installVariants } from './variants.js';

export interface ExecPackageOptions {
  readonly config: Config;
  readonly argv: readonly string[];
  /** Builds for this machine when absent. */
  readonly target?: Target;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

/**
 * Runs a build command of the package with the lock applied and returns its exit code. After a build for this machine with `isa: dispatch`
 * the addons that it made get their variants, also those in `prebuilds/`; after one for another machine they are checked.
 * @throws AutoPassError with a target: `NO_CLANG`, `NO_CROSS_TOOLS`, `WRONG_MACHINE`, `WRONG_LIBC`, `GLIBC_TOO_NEW`
 */
export async function execPackage(options: ExecPackageOptions): Promise<number> {
  const { config, argv, target, logger, signal } = options;
  const { packageRoot } = config;
  const [file = '', ...args] = argv;
  const buildSystem = await detectBuildSystem(packageRoot, argv);
  const env = await environment(options, buildSystem);
  await restoreAddons(await loadRecord(packageRoot));
  if (process.platform === 'win32')
    logger.warn('Windows builds are not tuned; running the command as it is.');
  else await sync({ packageRoot, env, logger });
  if (buildSystem === 'cmake-js') await prepareCMakeBuild({ packageRoot, env });
  const launcher = (await isHooked(packageRoot)) ? {} : execEnvironment({ packageRoot, buildSystem, env });
  const result = await execa(file, args, {
    cwd: packageRoot,
    env: { ...env, ...launcher },
    preferLocal: true,
    localDir: packageRoot,
    stdio: 'inherit',
    reject: false,
  });
  if (result.exitCode === undefined && result.failed) {
    logger.warn(result.shortMessage ?? `${file} could not be run`);
    return exitCodes.usage;
  }
  if (result.exitCode !== 0) return result.exitCode ?? exitCodes.ok;
  const isTuned = env.AUTOPASS !== 'off' && env.AUTOPASS !== 'stock';
  if (target !== undefined) await check(config, target, logger);
  else if (isTuned && buildMachine(env).isa === 'dispatch')
    await installVariants({ packageRoot, env, logger, prebuilds: true, ...(signal && { signal }) });
  return exitCodes.ok;
}

async function environment(
  { config, target, env }: ExecPackageOptions,
  buildSystem: BuildSystem,
): Promise<NodeJS.ProcessEnv> {
  const own = configuredEnvironment(config, env);
  if (target === undefined) return own;
  const toolchain = await configuredToolchain(config, target);
  return { ...own, ...(await crossEnvironment(config.packageRoot, buildSystem, toolchain)) };
}

/** Refuses what is not for the target, and says what the rest needs. */
async function check({ packageRoot, cross }: Config, target: Target, logger: Logger): Promise<void> {
  for (const { loaded } of await findAddonBinaries(await loadRecord(packageRoot))) {
    const needs = await binaryNeeds(loaded, target, cross.glibc);
    logger.info(`${path.relative(packageRoot, loaded)}: ${formatNeeds(needs)}`);
  }
}

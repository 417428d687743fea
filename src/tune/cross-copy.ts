import path from 'node:path';
import { copySources } from '../build/copy-sources.js';
import { crossEnvironment } from '../build/cross-environment.js';
import { detectBuildSystem } from '../build/detect-build-system.js';
import type { Config } from '../config/load.js';
import { formatTarget, type Target } from '../target/target.js';
import { type CrossToolchain, crossToolchain } from '../toolchain/cross.js';
import { requireClang } from './require-clang.js';

/** The copy of a package in which it is built for another machine; the package itself is left as it was. */
export interface CrossCopy {
  readonly folder: string;
  /** The package's, for the copy. */
  readonly config: Config;
  readonly toolchain: CrossToolchain;
  /** Variables of its builds. */
  readonly env: NodeJS.ProcessEnv;
}

/** Where a package is built, or tuned, for a target. */
export function crossFolder(packageRoot: string, target: Target, purpose: 'cross' | 'cross-tune'): string {
  return path.join(packageRoot, '.autopass', purpose, formatTarget(target).replace(/[/@]/g, '-'));
}

/**
 * clang for a target, with the config's sysroot.
 * @throws AutoPassError `NO_CLANG`, `NO_CROSS_TARGET`, `NO_CROSS_TOOLS`
 */
export async function configuredToolchain(
  config: Pick<Config, 'packageRoot' | 'clang' | 'cross'>,
  target: Target,
): Promise<CrossToolchain> {
  const sysroot = config.cross.sysroot && path.resolve(config.packageRoot, config.cross.sysroot);
  return crossToolchain({ target, clang: await requireClang(config), sysroot });
}

/**
 * Copies the sources below `.autopass/` and finds the tools that build them for the target.
 * @throws AutoPassError `NO_CLANG`, `NO_CROSS_TARGET`, `NO_CROSS_TOOLS`
 */
export async function makeCrossCopy(config: Config, target: Target, folder: string): Promise<CrossCopy> {
  const { packageRoot, bench } = config;
  const toolchain = await configuredToolchain(config, target);
  await copySources(packageRoot, folder);
  const system = await detectBuildSystem(folder, config.build);
  const env = { ...process.env, ...(await crossEnvironment(folder, system, toolchain)) };
  const isInside = bench?.kind === 'module' && !path.relative(packageRoot, bench.path).startsWith('..');
  const moved = isInside
    ? { ...bench, path: path.join(folder, path.relative(packageRoot, bench.path)) }
    : bench;
  return { folder, config: { ...config, packageRoot: folder, bench: moved }, toolchain, env };
}

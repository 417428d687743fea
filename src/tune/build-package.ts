import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { execa } from 'execa';
import { type BuildSystem, detectBuildSystem } from '../build/detect-build-system.js';
import { execEnvironment } from '../build/exec-environment.js';
import { restoreAddons } from '../build/find-binaries.js';
import { prepareCMakeBuild } from '../build/prepare-cmake.js';
import { loadRecord, resetRecord } from '../build/record.js';
import { sync } from '../build/sync.js';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import { buildMachine } from '../target/machine.js';
import { bundledHeaders } from './node-headers.js';
import { installVariants } from './variants.js';

export interface BuildPackageOptions {
  readonly config: Pick<Config, 'packageRoot' | 'build' | 'clang'> & Partial<Pick<Config, 'isa'>>;
  /** `stock`: from scratch, as without AutoPass, recorded. `apply`: with the lock; only what changed is compiled. */
  readonly mode: 'stock' | 'apply';
  readonly logger: Logger;
  /** Shows the build's own output; otherwise it is kept for the error message. */
  readonly showOutput?: boolean;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs the package's real build through the compiler launcher; with `isa: dispatch` the lock's variants are made after it.
 * @throws AutoPassError `BUILD_FAILED` with the last lines of the build's output.
 */
export async function buildPackage(options: BuildPackageOptions): Promise<void> {
  const { config, mode, logger, signal } = options;
  const env = configuredEnvironment(config, {
    ...(options.env ?? process.env),
    ...(mode === 'stock' && { AUTOPASS: 'stock' }),
  });
  await restoreAddons(await loadRecord(config.packageRoot));
  const system = await detectBuildSystem(config.packageRoot, config.build);
  const argv = config.build ?? (await defaultCommand(config.packageRoot, system, mode, env.npm_config_arch));
  if (mode === 'stock') await resetRecord(config.packageRoot);
  await sync({ packageRoot: config.packageRoot, env, logger });
  if (system === 'cmake-js') await prepareCMakeBuild({ packageRoot: config.packageRoot, env });
  const [file = '', ...args] = argv;
  logger.debug(`${argv.join(' ')} in ${config.packageRoot}`);
  const result = await execa(file, args, {
    cwd: config.packageRoot,
    env: { ...env, ...(await buildEnvironment(config.packageRoot, system, env)) },
    extendEnv: false,
    preferLocal: true,
    localDir: config.packageRoot,
    reject: false,
    stdin: 'ignore',
    ...(options.showOutput ? { stdout: process.stderr, stderr: process.stderr } : { all: true as const }),
    ...(signal && { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (!result.failed) {
    const isDispatched = mode === 'apply' && buildMachine(env).isa === 'dispatch';
    if (isDispatched)
      await installVariants({ packageRoot: config.packageRoot, env, logger, ...(signal && { signal }) });
    return;
  }
  const output = typeof result.all === 'string' ? `:\n${lastLines(result.all)}` : '.';
  throw new AutoPassError('BUILD_FAILED', `${argv.join(' ')} failed in ${config.packageRoot}${output}`, {
    cause: result,
    hint: 'Make the plain build work first; the command is "build" in autopass.config.*',
  });
}

/** The environment with what the config says, where the environment does not say it. */
export function configuredEnvironment(
  { clang, isa }: Pick<BuildPackageOptions['config'], 'clang' | 'isa'>,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const own = { ...env };
  if (clang !== undefined) own.AUTOPASS_CLANG ??= clang;
  if (isa !== undefined) own.AUTOPASS_ISA ??= isa;
  return own;
}

/** Whether the package's own build file brings the launcher in; then the environment must not do it again. */
export async function isHooked(packageRoot: string): Promise<boolean> {
  for (const name of ['binding.gyp', 'CMakeLists.txt']) {
    const text = await readFile(path.join(packageRoot, name), 'utf8').catch(() => '');
    if (/autopass(?:-native)?['"\\]*\)\.targets|autopass\.cmake/.test(text)) return true;
  }
  return false;
}

async function buildEnvironment(
  packageRoot: string,
  system: BuildSystem,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const launcher = (await isHooked(packageRoot))
    ? {}
    : execEnvironment({ packageRoot, buildSystem: system, env });
  const headers = env.npm_config_nodedir === undefined ? await bundledHeaders() : undefined;
  return { ...launcher, ...(headers !== undefined && { npm_config_nodedir: headers }) };
}

/** The user's own node-gyp or cmake-js when there is one, otherwise ours. */
async function defaultCommand(
  packageRoot: string,
  system: BuildSystem,
  mode: 'stock' | 'apply',
  arch: string | undefined,
): Promise<string[]> {
  const isConfigured = ['build/Makefile', 'build/CMakeCache.txt'].some((file) =>
    existsSync(path.join(packageRoot, file)),
  );
  const verb = mode === 'apply' && isConfigured ? 'build' : 'rebuild';
  // node-gyp reads the architecture from the environment, cmake-js does not.
  const option = arch !== undefined && system === 'cmake-js' ? ['-a', arch] : [];
  return [process.execPath, await toolScript(packageRoot, system), verb, ...option];
}

async function toolScript(packageRoot: string, system: BuildSystem): Promise<string> {
  for (const base of [path.join(packageRoot, 'package.json'), import.meta.url]) {
    try {
      const manifest = createRequire(base).resolve(`${system}/package.json`);
      const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as {
        bin: string | Record<string, string>;
      };
      const script = typeof bin === 'string' ? bin : bin[system];
      if (script !== undefined) return path.join(path.dirname(manifest), script);
    } catch {
      // Not installed there.
    }
  }
  throw new AutoPassError('NO_BUILD_TOOL', `${system} is not installed.`, {
    hint: `npm install --save-dev ${system}`,
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-25).join('\n');
}

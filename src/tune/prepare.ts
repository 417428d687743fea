import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AddonBinary, findAddonBinaries } from '../build/find-binaries.js';
import { loadRecord } from '../build/record.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Mode, Variant } from '../measure/types.js';
import { detectHost, type HostTarget } from '../target/host.js';
import { findClangs } from '../toolchain/find-clang.js';
import type { Clang } from '../toolchain/types.js';
import { probeBench } from '../verify/probe.js';
import { buildPackage } from './build-package.js';
import { testFailure } from './package-tests.js';
import { benchError } from './self-check.js';

/** What a session stands on: the stock build, its record, and a bench that tells the truth. */
export interface Preparation {
  readonly host: HostTarget & { readonly arch: 'x64' | 'arm64' };
  readonly clang: Clang;
  readonly record: BuildRecord;
  readonly binaries: readonly AddonBinary[];
  readonly bench: NonNullable<Config['bench']>;
  /** The addon files that the package loads, as built by the project's own compiler. */
  readonly stock: Variant;
  /** `process-only` where the addon cannot be loaded twice. */
  readonly mode: Mode;
  /** Compile commands that a tuned compiler may take over. */
  readonly tunable: readonly CompileCommand[];
  /** SHA-256 over bench, compile commands and sources. */
  readonly fingerprint: string;
}

/**
 * Builds the package as without AutoPass, records every command, and checks toolchain and bench.
 * @throws AutoPassError `NO_CLANG`, `NO_BENCH`, `BUILD_FAILED`, `NO_ADDON`, `BENCH_*`, `TESTS_FAIL_ON_STOCK`, `UNSUPPORTED_HOST`
 */
export async function prepare(
  config: Config,
  options: { workDir: string; logger: Logger; signal: AbortSignal | undefined },
): Promise<Preparation> {
  const { logger, signal } = options;
  const host = supportedHost();
  const bench = await requireBench(config);
  const clang = await requireClang(config);
  await buildPackage({ config, mode: 'stock', logger, ...(signal && { signal }) });
  const record = await loadRecord(config.packageRoot);
  const binaries = await findAddonBinaries(record);
  if (binaries.length === 0) {
    throw new AutoPassError(
      'NO_ADDON',
      `The build of ${config.packageRoot} made no .node file that was seen.`,
      {
        hint: 'Name the command that builds the addon from scratch as "build" in autopass.config.*',
      },
    );
  }
  const stock: Variant = {
    id: 'stock',
    binaries: Object.fromEntries(binaries.map(({ link, loaded }) => [loaded, link.output])),
  };
  const probe = await probeBench({
    packageRoot: config.packageRoot,
    bench,
    baseline: stock,
    workDir: options.workDir,
    ...(config.entry !== undefined && { entry: config.entry }),
    ...(signal && { signal }),
  });
  if (probe.problem !== undefined) throw benchError(probe.problem);
  const failure = await testFailure(config, signal);
  if (failure !== undefined) {
    throw new AutoPassError(
      'TESTS_FAIL_ON_STOCK',
      `${config.test?.join(' ')} fails with the stock build, before anything is tuned:\n${failure}`,
      { hint: `Mend the tests, or take "test" out of ${config.file ?? 'autopass.config.json'}` },
    );
  }
  const tunable = record.compiles.filter((command) => command.untunable === undefined);
  const mode = bench.kind === 'module' && probe.canLoadTwice ? 'in-process' : 'process-only';
  const digest = await fingerprint(bench, record);
  return { host, clang, record, binaries, bench, stock, mode, tunable, fingerprint: digest };
}

function supportedHost(): Preparation['host'] {
  const host = detectHost();
  if (host.arch === 'other' || host.os === 'win32' || host.os === 'other') {
    throw new AutoPassError(
      'UNSUPPORTED_HOST',
      `Tuning works on Linux and macOS, x64 and arm64; this is ${process.platform} ${process.arch}.`,
    );
  }
  return { ...host, arch: host.arch };
}

async function requireBench(config: Config): Promise<NonNullable<Config['bench']>> {
  const { bench } = config;
  if (bench === undefined) {
    throw new AutoPassError('NO_BENCH', `No bench is configured for ${config.packageRoot}.`, {
      hint: 'Write a config and a starter bench with: autopass init',
    });
  }
  if (bench.kind === 'module') {
    await readFile(bench.path).catch((cause: unknown) => {
      throw new AutoPassError('NO_BENCH', `The bench module ${bench.path} cannot be read.`, {
        cause,
        hint: `Correct "bench" in ${config.file ?? 'autopass.config.json'}`,
      });
    });
  }
  return bench;
}

/** @throws AutoPassError `NO_CLANG` */
export async function requireClang(config: Pick<Config, 'clang'>): Promise<Clang> {
  const [clang] = await findClangs(config.clang === undefined ? {} : { configured: config.clang });
  if (clang === undefined) {
    throw new AutoPassError('NO_CLANG', 'No clang of LLVM 16 to 22 was found on PATH.', {
      family: 'toolchain',
      hint: 'On Debian or Ubuntu: apt-get install clang-19 llvm-19. Or name one with AUTOPASS_CLANG=/path/to/clang',
    });
  }
  return clang;
}

async function fingerprint(bench: NonNullable<Config['bench']>, record: BuildRecord): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(bench));
  if (bench.kind === 'module') hash.update(await readFile(bench.path));
  for (const command of [...record.compiles].sort((a, b) => (a.output < b.output ? -1 : 1))) {
    hash.update(JSON.stringify([path.relative(record.packageRoot, command.cwd), command.argv]));
    hash.update(await readFile(command.source).catch(() => Buffer.alloc(0)));
  }
  return hash.digest('hex');
}

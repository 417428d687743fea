import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AddonBinary, findAddonBinaries } from '../build/find-binaries.js';
import { parseCommand } from '../build/parse-command.js';
import { loadRecord } from '../build/record.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import type { BenchTarget, Mode, Variant } from '../measure/types.js';
import { baselineTarget } from '../target/host.js';
import { gccBehind } from '../toolchain/find-gcc.js';
import type { Gcc } from '../toolchain/types.js';
import { probeBench } from '../verify/probe.js';
import { buildPackage } from './build-package.js';
import { testFailure } from './package-tests.js';
import { benchError } from './self-check.js';
import { localSite, type Site } from './site.js';

/** What a session stands on: the stock build, its record, and a bench that tells the truth. */
export interface Preparation extends Site {
  readonly record: BuildRecord;
  readonly binaries: readonly AddonBinary[];
  readonly bench: BenchTarget;
  /** The addon files that the package loads, as built by the project's own compiler. */
  readonly stock: Variant;
  /** `process-only` where the addon cannot be loaded twice. */
  readonly mode: Mode;
  /** Compile commands that a tuned compiler may take over. */
  readonly tunable: readonly CompileCommand[];
  /** The project's own compiler, where it is gcc and the session is for what every processor of this kind runs. */
  readonly gcc?: Gcc;
  /** SHA-256 over bench, compile commands and sources. */
  readonly fingerprint: string;
}

/**
 * Builds the package as without AutoPass, records every command, and checks toolchain and bench.
 * @throws AutoPassError `NO_BENCH`, `BUILD_FAILED`, `NO_ADDON`, `BENCH_*`, `TESTS_FAIL_ON_STOCK`, and what {@link localSite} throws
 */
export async function prepare(
  config: Config,
  options: { site?: Site; workDir: string; logger: Logger; signal: AbortSignal | undefined },
): Promise<Preparation> {
  const { workDir, logger, signal } = options;
  const bench = await requireBench(config);
  const site = options.site ?? (await localSite(config));
  await buildPackage({ config, mode: 'stock', logger, env: site.env, ...(signal && { signal }) });
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
  const target: BenchTarget = {
    packageRoot: config.packageRoot,
    bench,
    workDir,
    ...(config.entry !== undefined && { entry: config.entry }),
    ...(signal && { signal }),
    ...site.runs,
  };
  const probe = await probeBench({ ...target, baseline: stock });
  if (probe.problem !== undefined) throw benchError(probe.problem);
  const failure = site.isLocal ? await testFailure(config, signal) : undefined;
  if (failure !== undefined) {
    throw new AutoPassError(
      'TESTS_FAIL_ON_STOCK',
      `${config.test?.join(' ')} fails with the stock build, before anything is tuned:\n${failure}`,
      { hint: `Mend the tests, or take "test" out of ${config.file ?? 'autopass.config.json'}` },
    );
  }
  const tunable = record.compiles.filter((command) => {
    const known = site.isLocal ? command : parseCommand(command, config.packageRoot, site.clang.triple);
    return known?.kind === 'compile' && known.untunable === undefined;
  });
  const mode = bench.kind === 'module' && probe.canLoadTwice ? 'in-process' : 'process-only';
  const digest = await fingerprint(bench, record);
  const gcc = await ownGcc(site, tunable);
  const own = gcc && { gcc };
  return { ...site, record, binaries, bench: target, stock, mode, tunable, ...own, fingerprint: digest };
}

/** Variants for higher ISA levels are compiled by one clang, and cross builds by clang alone. */
async function ownGcc(site: Site, commands: readonly CompileCommand[]): Promise<Gcc | undefined> {
  if (!site.isLocal || site.target !== baselineTarget(site.host)) return undefined;
  const words = commands.flatMap(({ argv, compilerIndex }) => argv[compilerIndex] ?? []);
  return gccBehind(words, site.env);
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

import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import type { Config } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import { isaLevelOf } from '../levers/isa-level.js';
import { profilesFolder } from '../levers/profiles.js';
import { upsertEntry } from '../lock/edit.js';
import { readLock } from '../lock/read.js';
import type { LockEntry } from '../lock/types.js';
import { writeLock } from '../lock/write.js';
import type { Logger } from '../log.js';
import { lockName } from './apply.js';
import { buildPackage } from './build-package.js';
import { type Elsewhere, withCrossSite } from './cross-site.js';
import { lockStatus } from './lock-status.js';
import { prepare } from './prepare.js';
import { invert, placeboEffect, widened } from './ratios.js';
import { type CompiledEntry, measuredEntries, unitVariants } from './replace-estimates.js';
import type { Ratio } from './result.js';
import { withSessionLock } from './session-lock.js';
import { sessionTools } from './session-tools.js';
import { localSite, type Site } from './site.js';
import type { CompiledObject } from './workspace.js';

export interface VerifyResult {
  readonly target: string | undefined;
  readonly verdict: 'confirmed' | 'within noise' | 'slower';
  readonly tus: readonly {
    readonly file: string;
    readonly claimed: Ratio;
    readonly identicalObject: boolean;
  }[];
  readonly addon: { readonly vsO3: Ratio; readonly vsStock: Ratio };
  readonly noiseFloor: number;
  readonly processes: number;
  readonly sameInputs: boolean;
  /** Nothing was timed: see the lock's field of this name. */
  readonly estimate: boolean;
  readonly warnings: readonly string[];
}

interface VerifyOptions {
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  readonly onStep: (message: string) => void;
}

/**
 * Builds the addon as stock, as plain -O3 and as the lock says, and measures them against each other on the check
 * inputs. The build folder ends as the lock says. In the lock measurements take the place of estimates; nothing else is written.
 * @param options `where` names another machine
 * @throws AutoPassError `NOTHING_TO_VERIFY`, `INCORRECT` and everything that {@link prepare} throws.
 */
export function verifyLock(
  config: Config,
  options: VerifyOptions & { readonly where?: Elsewhere },
): Promise<VerifyResult> {
  const { where, logger, signal } = options;
  const state = path.join(config.packageRoot, '.autopass');
  const workDir = path.join(state, 'work');
  return withSessionLock(state, async () => {
    await rm(workDir, { recursive: true, force: true });
    try {
      // Every entry is compiled for its own level, whatever the config says.
      const verifyOn = (site: Site, own: Config) => verifyNow(own, site, workDir, options);
      const { measured, ...result } =
        where === undefined
          ? await verifyOn(await localSite({ ...config, isa: 'baseline' }), config)
          : await withCrossSite(config, where, { logger, signal }, verifyOn);
      await replaceInLock(config, measured);
      return result;
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  });
}

async function replaceInLock({ packageRoot, allow }: Config, entries: readonly LockEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const file = path.join(packageRoot, lockName);
  const reading = await readLock(file, { allow });
  if (reading.kind === 'ok') await writeLock(file, entries.reduce(upsertEntry, reading.lock));
}

async function verifyNow(
  config: Config,
  site: Site,
  workDir: string,
  { logger, signal, onStep }: VerifyOptions,
): Promise<VerifyResult & { readonly measured: readonly LockEntry[] }> {
  // What that machine would load.
  const status = await lockStatus(
    config.packageRoot,
    config.isa === 'dispatch' ? 'host' : config.isa,
    site.env,
  );
  const entries = status.entries.filter(({ state }) => state === 'applied').map(({ entry }) => entry);
  if (entries.length === 0) {
    throw new AutoPassError('NOTHING_TO_VERIFY', `No entry of autopass.lock applies to ${site.target}.`, {
      hint: 'autopass status says why; autopass tune makes one.',
    });
  }
  onStep('building as stock');
  const prep = await prepare(config, { site, workDir, logger, signal });
  const clangMajor = entries.find(({ compiler }) => compiler.vendor !== 'gnu')?.compiler.major;
  if (clangMajor !== undefined && clangMajor !== prep.clang.major) {
    throw new AutoPassError(
      'OTHER_CLANG',
      `The lock was made with clang ${clangMajor}, the newest found is ${prep.clang.major}.`,
      {
        family: 'toolchain',
        hint: `AUTOPASS_CLANG=clang-${clangMajor} autopass verify`,
      },
    );
  }
  const gccMajor = entries.find(({ compiler }) => compiler.vendor === 'gnu')?.compiler.major;
  if (gccMajor !== undefined && gccMajor !== prep.gcc?.major) {
    throw new AutoPassError(
      'OTHER_GCC',
      `The lock was made with gcc ${gccMajor}, which does not compile this project here.`,
      {
        family: 'toolchain',
        hint: `CC=gcc-${gccMajor} CXX=g++-${gccMajor} autopass verify`,
      },
    );
  }
  const { workspace, trials } = sessionTools(config, prep, {
    workDir,
    profiles: path.join(config.packageRoot, profilesFolder),
    logger,
    signal,
  });
  onStep('compiling as -O3 and as the lock says');
  const compiled: CompiledEntry[] = [];
  const baseline = new Map<string, CompiledObject>();
  const tus: { file: string; claimed: Ratio; identicalObject: boolean }[] = [];
  for (const entry of entries) {
    const level = isaLevelOf(entry.target);
    const tuned = new Map<string, CompiledObject>();
    const plain = new Map<string, CompiledObject>();
    for (const command of commandsOf(prep.record, entry)) {
      const outcome = await workspace.compile(command, entry.levers, level);
      if (outcome.kind !== 'compiled') {
        throw new AutoPassError('ENTRY_FAILS', `${entry.file} does not compile as the lock says.`, {
          family: 'toolchain',
        });
      }
      tuned.set(command.output, outcome.object);
      const unlevered = await workspace.compile(command, {}, level);
      if (unlevered.kind === 'compiled') plain.set(command.output, unlevered.object);
      const claimed = { ratio: entry.measured.vsStock, ci: entry.measured.vsStockCi };
      tus.push({ file: entry.file, claimed, identicalObject: outcome.object.hash === entry.objectHash });
    }
    for (const [output, object] of plain) baseline.set(output, object);
    compiled.push({ entry, tuned, plain });
  }
  // What tuning left to the stock compiler is part of "plain -O3" all the same.
  for (const { entry, state } of status.entries) {
    if (state !== 'stock verdict' || entry.target !== entries[0]?.target) continue;
    for (const command of commandsOf(prep.record, entry)) {
      const plain = await workspace.compile(command, {}, isaLevelOf(entry.target));
      if (plain.kind === 'compiled') baseline.set(command.output, plain.object);
    }
  }
  onStep('comparing outputs');
  const tuned = new Map(compiled.flatMap((one) => [...one.tuned]));
  const final = await workspace.variant('tuned', tuned);
  const [outputs] = await trials.verify([final]);
  if (outputs?.outcome !== 'equal') {
    throw new AutoPassError(
      'INCORRECT',
      `The tuned build does not give the stock build's outputs: ${JSON.stringify(outputs)}`,
      {
        exitCode: exitCodes.incorrect,
        hint: 'Tune again with autopass tune, and report the case.',
      },
    );
  }
  onStep('measuring on the check inputs');
  const { results } = await trials.measure({
    baseline: final,
    candidates: [
      await workspace.variant('stock', new Map()),
      await workspace.variant('o3', baseline),
      await workspace.variant('placebo', tuned, trials.nextSeed()),
      ...(trials.isEstimate ? [] : await unitVariants(compiled, tuned, workspace)),
    ],
    goal: 'confirm',
    inputs: 'check',
  });
  signal?.throwIfAborted();
  const byId = new Map(results.map((result) => [result.id, result]));
  const noiseFloor = placeboEffect(byId.get('placebo'));
  const vsStock = widened(invert(byId.get('stock')), noiseFloor);
  await buildPackage({ config, mode: 'apply', logger, env: site.env, ...(signal && { signal }) });
  const { sameInputs, isEstimate: estimate } = trials;
  return {
    target: entries[0]?.target,
    verdict: vsStock.ci[0] > 1 ? 'confirmed' : vsStock.ci[1] < 1 ? 'slower' : 'within noise',
    tus,
    addon: { vsO3: widened(invert(byId.get('o3')), noiseFloor), vsStock },
    noiseFloor,
    processes: trials.processes,
    sameInputs,
    estimate,
    warnings: [...trials.warnings],
    measured: measuredEntries(compiled, byId, { noiseFloor, ...(sameInputs && { sameInputs }) }),
  };
}

function commandsOf(record: BuildRecord, entry: LockEntry): CompileCommand[] {
  return record.compiles.filter(
    ({ file, object }) => file === entry.file && (entry.object === undefined || entry.object === object),
  );
}

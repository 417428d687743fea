import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import type { Config } from '../config/load.js';
import { AutoPassError, exitCodes } from '../errors.js';
import { isaLevelOf } from '../levers/isa-level.js';
import { profilesFolder } from '../levers/profiles.js';
import type { LockEntry } from '../lock/types.js';
import type { Logger } from '../log.js';
import { buildPackage } from './build-package.js';
import { invert, placeboEffect, widened } from './judge.js';
import { lockStatus } from './lock-status.js';
import { prepare } from './prepare.js';
import type { Ratio } from './result.js';
import { withSessionLock } from './session-lock.js';
import { sessionTools } from './session-tools.js';
import { localSite } from './site.js';
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
  readonly warnings: readonly string[];
}

/**
 * Builds the addon as stock, as plain -O3 and as the lock says, and measures them against each other on the check
 * inputs. Writes nothing but the build folder, which ends as the lock says.
 * @throws AutoPassError `NOTHING_TO_VERIFY`, `INCORRECT` and everything that {@link prepare} throws.
 */
export function verifyLock(
  config: Config,
  options: { logger: Logger; signal?: AbortSignal; onStep: (message: string) => void },
): Promise<VerifyResult> {
  const state = path.join(config.packageRoot, '.autopass');
  const workDir = path.join(state, 'work');
  return withSessionLock(state, async () => {
    await rm(workDir, { recursive: true, force: true });
    try {
      return await verifyNow(config, workDir, options);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  });
}

async function verifyNow(
  config: Config,
  workDir: string,
  options: { logger: Logger; signal?: AbortSignal; onStep: (message: string) => void },
): Promise<VerifyResult> {
  const { logger, signal, onStep } = options;
  // What this machine would load.
  const status = await lockStatus(config.packageRoot, config.isa === 'dispatch' ? 'host' : config.isa);
  const entries = status.entries.filter(({ state }) => state === 'applied').map(({ entry }) => entry);
  if (entries.length === 0) {
    throw new AutoPassError('NOTHING_TO_VERIFY', 'No entry of autopass.lock applies on this machine.', {
      hint: 'autopass status says why; autopass tune makes one.',
    });
  }
  onStep('building as stock');
  // Every entry is compiled for its own level, whatever the config says.
  const site = await localSite({ ...config, isa: 'baseline' });
  const prep = await prepare(config, { site, workDir, logger, signal });
  const clangMajor = entries[0]?.compiler.major;
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
  const { workspace, trials } = sessionTools(config, prep, {
    workDir,
    profiles: path.join(config.packageRoot, profilesFolder),
    logger,
    signal,
  });
  onStep('compiling as -O3 and as the lock says');
  const tuned = new Map<string, CompiledObject>();
  const baseline = new Map<string, CompiledObject>();
  const tus: { file: string; claimed: Ratio; identicalObject: boolean }[] = [];
  for (const entry of entries) {
    const level = isaLevelOf(entry.target);
    for (const command of commandsOf(prep.record, entry)) {
      const outcome = await workspace.compile(command, entry.levers, level);
      if (outcome.kind !== 'compiled') {
        throw new AutoPassError('ENTRY_FAILS', `${entry.file} does not compile as the lock says.`, {
          family: 'toolchain',
        });
      }
      tuned.set(command.output, outcome.object);
      const plain = await workspace.compile(command, {}, level);
      if (plain.kind === 'compiled') baseline.set(command.output, plain.object);
      const claimed = { ratio: entry.measured.vsStock, ci: entry.measured.vsStockCi };
      tus.push({ file: entry.file, claimed, identicalObject: outcome.object.hash === entry.objectHash });
    }
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
    ],
    goal: 'confirm',
    inputs: 'check',
  });
  signal?.throwIfAborted();
  const byId = new Map(results.map((result) => [result.id, result]));
  const noiseFloor = placeboEffect(byId.get('placebo'));
  const vsStock = widened(invert(byId.get('stock')), noiseFloor);
  await buildPackage({ config, mode: 'apply', logger, ...(signal && { signal }) });
  return {
    target: entries[0]?.target,
    verdict: vsStock.ci[0] > 1 ? 'confirmed' : vsStock.ci[1] < 1 ? 'slower' : 'within noise',
    tus,
    addon: { vsO3: widened(invert(byId.get('o3')), noiseFloor), vsStock },
    noiseFloor,
    processes: trials.processes,
    sameInputs: trials.sameInputs,
    warnings: [...trials.warnings],
  };
}

function commandsOf(record: BuildRecord, entry: LockEntry): CompileCommand[] {
  return record.compiles.filter(
    ({ file, object }) => file === entry.file && (entry.object === undefined || entry.object === object),
  );
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DecidedPlan } from '../build/decide-plans.js';
import { type AddonBinary, findAddonBinaries, loadedPlaces } from '../build/find-binaries.js';
import { loadRecord } from '../build/record.js';
import { linkedObjects } from '../build/relink.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import { readPackageJson } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import { isaLevelOf } from '../levers/isa-level.js';
import { profilesFolder } from '../levers/profiles.js';
import type { LeverPolicy } from '../levers/types.js';
import { readLock } from '../lock/read.js';
import type { Logger } from '../log.js';
import { baselineTarget, detectHost, type HostTarget } from '../target/host.js';
import { compareElf } from '../verify/elf.js';
import { decideLevels, type Level } from './decide-levels.js';
import { dispatchAt } from './dispatch-at.js';
import { type CompiledObject, Workspace } from './workspace.js';

export interface VariantsOptions {
  readonly packageRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  /** The copies in `prebuilds/` get variants too. */
  readonly prebuilds?: boolean;
}

/**
 * After a plain build for every processor: compiles what the lock says for higher ISA levels, links the addon once more for each, and
 * puts these variants and a dispatcher where the package loads the addon. What failed leaves the plain addon, with one line.
 */
export async function installVariants(options: VariantsOptions): Promise<void> {
  const { logger, signal } = options;
  try {
    const host = detectHost();
    const { packageRoot, env } = options;
    const policy = await leverPolicy(packageRoot);
    const reading = await readLock(path.join(packageRoot, 'autopass.lock'), policy);
    if (reading.kind !== 'ok') return;
    const sources = { packageRoot, lock: reading.lock, policy, env, isBuilt: true };
    const levels = await decideLevels(host, sources);
    if (levels.length === 0) {
      logger.info('no variants: autopass.lock holds nothing above the baseline that is clearly faster');
      return;
    }
    const record = await loadRecord(packageRoot);
    let isDispatched = false;
    for (const binary of await findAddonBinaries(record)) {
      const own = levels.filter(({ plans }) => touches(record, binary, plans));
      if (own.length === 0) continue;
      await dispatch(host, record, binary, own, options);
      isDispatched = true;
    }
    if (!isDispatched)
      logger.warn('no variants: the commands that built the addon are not recorded; build it from scratch');
  } catch (error) {
    signal?.throwIfAborted();
    logger.warn(
      `the addon is built without variants: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function leverPolicy(packageRoot: string): Promise<LeverPolicy> {
  const manifest = await readPackageJson(packageRoot);
  return { allow: manifest.autopass?.allow ?? [] };
}

function touches(record: BuildRecord, { link }: AddonBinary, plans: readonly DecidedPlan[]): boolean {
  const linked = linkedObjects(record, link);
  return plans.some((plan) => commandsOf(record, plan).some(({ output }) => linked.has(output)));
}

function commandsOf(record: BuildRecord, { entry }: DecidedPlan): CompileCommand[] {
  return record.compiles.filter(
    ({ file, object, untunable }) =>
      untunable === undefined &&
      file === entry.file &&
      (entry.object === undefined || entry.object === object),
  );
}

async function dispatch(
  host: HostTarget,
  record: BuildRecord,
  binary: AddonBinary,
  levels: readonly Level[],
  options: VariantsOptions,
): Promise<void> {
  const { packageRoot, env, logger } = options;
  const cache = path.join(packageRoot, '.autopass/dispatch', path.basename(binary.link.output));
  const folder = path.join(cache, await cacheKey(record, binary, levels));
  const baseline = isaLevelOf(baselineTarget(host));
  const names = levels.map(({ name }) => name);
  if (!existsSync(folder)) {
    await rm(cache, { recursive: true, force: true });
    const draft = path.join(cache, 'draft');
    await mkdir(draft, { recursive: true });
    for (const level of levels) await linkLevel(host, record, binary, level, draft, options);
    await rename(draft, folder);
  }
  const places = options.prebuilds ? loadedPlaces(binary, packageRoot) : [binary.loaded];
  for (const place of places) {
    await dispatchAt(place, { link: binary.link, levels: names, baseline, folder, env });
    logger.info(
      `${path.relative(packageRoot, place)} opens its variant for ${[...names, baseline].join(', ')}`,
    );
  }
}

/** Leaves the addon for one level in `into`, under the level's name. */
async function linkLevel(
  host: HostTarget,
  record: BuildRecord,
  binary: AddonBinary,
  level: Level,
  into: string,
  { packageRoot, signal }: VariantsOptions,
): Promise<void> {
  // Sessions above the baseline offer no levers of gcc.
  const clangs = level.plans.flatMap(({ compiler }) => (compiler.vendor === 'gnu' ? [] : [compiler]));
  const [clang, ...others] = new Set(clangs);
  if (clang === undefined || host.arch === 'other') return;
  if (others.length > 0) throw problem(`${level.name} was tuned with several releases of clang`);
  const folder = path.join(into, `work-${level.name}`);
  await mkdir(path.join(folder, 'objects'), { recursive: true });
  const workspace = new Workspace({
    folder,
    record,
    binaries: [binary],
    clang,
    target: { arch: host.arch, major: clang.major, profiles: path.join(packageRoot, profilesFolder) },
    leverPolicy: await leverPolicy(packageRoot),
    signal,
  });
  const linked = linkedObjects(record, binary.link);
  const assembly = new Map<string, CompiledObject>();
  for (const plan of level.plans) {
    for (const command of commandsOf(record, plan).filter(({ output }) => linked.has(output))) {
      const outcome = await workspace.compile(command, plan.entry.levers, isaLevelOf(plan.entry.target));
      if (outcome.kind !== 'compiled') throw problem(`${command.file} does not compile for ${level.name}`);
      assembly.set(command.output, outcome.object);
    }
  }
  const variant = await workspace.variant(level.name, assembly);
  const output = variant.binaries[binary.loaded] ?? '';
  const comparison = await compareElf(binary.link.output, output, true);
  if (!comparison.equal) throw problem(`the variant for ${level.name} differs: ${comparison.detail}`);
  await rename(output, path.join(into, level.name));
  await rm(folder, { recursive: true });
}

function problem(message: string): AutoPassError {
  return new AutoPassError('VARIANT_FAILED', message, { family: 'toolchain' });
}

/** Over the plain addon, the commands that made it, and the plans: all that the variants come from. */
async function cacheKey(
  record: BuildRecord,
  { link }: AddonBinary,
  levels: readonly Level[],
): Promise<string> {
  const hash = createHash('sha256').update(await readFile(link.output));
  const plans = levels.map(({ name, plans }) => [
    name,
    plans.map((plan) => [plan.path, plan.digest, commandsOf(record, plan).map(({ argv }) => argv)]),
  ]);
  return hash
    .update(JSON.stringify([link.argv, plans]))
    .digest('hex')
    .slice(0, 32);
}

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { profileFileOf, profilesFolder } from '../levers/profiles.js';
import type { LeverPolicy } from '../levers/types.js';
import { readLock } from '../lock/read.js';
import type { Lock, LockEntry, LockProblem } from '../lock/types.js';
import type { Logger } from '../log.js';
import { buildMachine } from '../target/machine.js';
import { type DecidedPlan, type Decisions, decidePlans, type StockEntry } from './decide-plans.js';
import { type Manifest, readManifest, writeManifest } from './manifest.js';
import { isGenerated } from './moved-build.js';
import { plainPart } from './plain-part.js';
import { formatLinkPlan, linkPlanPath } from './plan-file.js';
import { compactRecord, loadRecord } from './record.js';
import { staleObjects } from './stale-objects.js';
import { ensureState, type StatePaths, statePaths } from './state.js';
import { withSyncLock } from './sync-lock.js';
import { existingPlans, writePlans } from './write-plans.js';

export interface SyncOptions {
  packageRoot: string;
  /** `AUTOPASS=off` and `AUTOPASS=stock` mean: no plans. `AUTOPASS_ISA` is the config's `isa`, `baseline` when absent. */
  env: NodeJS.ProcessEnv;
  logger: Logger;
}

export interface SyncResult {
  /** Entries that the launcher will apply. */
  readonly applied: readonly LockEntry[];
  /** Entries that fit neither this machine nor these sources; their sources build as stock. */
  readonly stock: readonly StockEntry[];
  /** What was refused in the lock. */
  readonly problems: readonly LockProblem[];
  /** Objects that were deleted because their plan changed, absolute. */
  readonly rebuilt: readonly string[];
  /** Files, absolute, whose change calls for another sync step. */
  readonly inputs: readonly string[];
}

/**
 * Brings the launcher's plans in line with `autopass.lock`, before the build looks at its objects: writes the plans
 * and deletes exactly the objects whose plan changed. Says in one line each what cannot be applied.
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const state = statePaths(options.packageRoot);
  const lockFile = path.join(options.packageRoot, 'autopass.lock');
  const mode = options.env.AUTOPASS;
  const policy = await allowedLevers(options.packageRoot);
  const read = mode === 'off' || mode === 'stock' ? undefined : await readLock(lockFile, policy);
  const lock: Lock = read?.kind === 'ok' ? read.lock : { version: 1, entries: [] };
  const problems = read?.kind === 'ok' ? read.problems : read?.kind === 'invalid' ? [read.problem] : [];
  for (const { where, reason } of problems) {
    options.logger.warn(
      `${where}: ${reason}${read?.kind === 'invalid' ? '; everything builds as stock' : ''}`,
    );
  }
  const decisions = await decide(lock, policy, options);
  reportStock(decisions.stock, options.logger);
  const rebuilt = await apply(options.packageRoot, state, decisions.plans, mode !== 'off');
  const inputs = lock.entries.flatMap((entry) => [entry.file, ...entry.includes, ...profilesOf(entry)]);
  const own = [...new Set(inputs)].filter((file) => !isGenerated(file));
  const watched = [lockFile, ...own.map((file) => path.join(options.packageRoot, file))];
  return {
    applied: decisions.plans.map(({ entry }) => entry),
    stock: decisions.stock,
    problems,
    rebuilt,
    inputs: watched.filter((file) => existsSync(file)),
  };
}

/** Without entries nothing is asked of the machine. */
async function decide(lock: Lock, policy: LeverPolicy, options: SyncOptions): Promise<Decisions> {
  if (lock.entries.length === 0) return { plans: [], stock: [] };
  const machine = buildMachine(options.env);
  return decidePlans({ ...options, lock: plainPart(lock, machine), machine, policy });
}

/** Path, relative to the package, of the profile that an entry was tuned with. */
function profilesOf({ levers }: LockEntry): string[] {
  const profile = profileFileOf(levers);
  return profile === undefined ? [] : [path.join(profilesFolder, profile)];
}

async function apply(
  packageRoot: string,
  state: StatePaths,
  plans: readonly DecidedPlan[],
  record: boolean,
): Promise<string[]> {
  const desired: Manifest = Object.fromEntries(plans.map((plan) => [plan.path, plan.digest]));
  if (plans.length === 0 && !record && !existsSync(state.build)) return [];
  await ensureState(state);
  return withSyncLock(state.syncLock, async () => {
    const known = await readManifest(state.manifest);
    const previous =
      known ?? Object.fromEntries((await existingPlans(state.plans)).map((file) => [file, '']));
    const changed = [...new Set([...Object.keys(previous), ...Object.keys(desired)])].filter(
      (file) => previous[file] !== desired[file],
    );
    await writePlans(state.plans, new Map([...plans.map(textOf), ...linkPlan(plans)]));
    const stale =
      changed.length === 0 ? [] : await staleObjects(packageRoot, await loadRecord(packageRoot), changed);
    const present = stale.filter((object) => existsSync(object));
    for (const object of present) await rm(object, { force: true });
    // Last, so that a sync step killed half-way is repeated by the next one.
    if (known === undefined || changed.length > 0) await writeManifest(state.manifest, desired);
    await compactRecord(packageRoot);
    return present;
  });
}

function textOf({ path: file, text }: DecidedPlan): readonly [string, string] {
  return [file, text];
}

/** The plan for links, where any unit needs ThinLTO. */
function linkPlan(plans: readonly DecidedPlan[]): (readonly [string, string])[] {
  const tools = new Map(plans.flatMap(({ thinLto }) => (thinLto ? [[thinLto.major, thinLto]] : [])));
  return tools.size === 0 ? [] : [[linkPlanPath, formatLinkPlan([...tools.values()])]];
}

/** One line per reason. */
function reportStock(stock: readonly StockEntry[], logger: Logger): void {
  const files = new Map<string, string[]>();
  for (const { entry, reason } of stock) files.set(reason, [...(files.get(reason) ?? []), entry.file]);
  for (const [reason, all] of files) {
    const named = all.slice(0, 3).join(', ');
    const more = all.length > 3 ? ` and ${all.length - 3} more` : '';
    logger.warn(`${named}${more} ${all.length === 1 ? 'builds' : 'build'} as stock: ${reason}`);
  }
}

/** Opt-in levers that the package allows by name; the lock cannot allow itself anything. */
async function allowedLevers(packageRoot: string): Promise<LeverPolicy> {
  try {
    const manifest = JSON.parse(await readFile(path.join(packageRoot, 'package.json'), 'utf8')) as {
      autopass?: { allow?: unknown };
    };
    const allow = manifest.autopass?.allow;
    return { allow: Array.isArray(allow) ? allow.filter((id) => typeof id === 'string') : [] };
  } catch {
    return { allow: [] };
  }
}

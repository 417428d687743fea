import path from 'node:path';
import { decidePlans } from '../build/decide-plans.js';
import { isGenerated } from '../build/moved-build.js';
import { plainPart } from '../build/plain-part.js';
import { profileProblem } from '../build/profile-state.js';
import { readPackageJson } from '../config/load.js';
import { readLock } from '../lock/read.js';
import { sourceHash } from '../lock/source-hash.js';
import type { Lock, LockEntry, LockProblem } from '../lock/types.js';
import { runnableTargets } from '../target/host.js';
import { type BuildMachine, buildMachine } from '../target/machine.js';
import { misfit } from '../target/misfit.js';
import { decideLevels } from './decide-levels.js';

export interface EntryStatus {
  readonly entry: LockEntry;
  /**
   * `applied`: builds here use it. `variant`: builds here make a variant with it. `stock verdict`: the stock compiler won.
   * `not applied`: see the reason.
   */
  readonly state: 'applied' | 'variant' | 'stock verdict' | 'not applied';
  /** Why, where that is not plain. */
  readonly reason?: string;
  /** The source, or a header it includes, is not what the entry was made for. */
  readonly changed: boolean;
}

export interface LockStatus {
  readonly file: string;
  /** Targets that builds here are for, or that `AUTOPASS_TARGET` names, best first. */
  readonly targets: readonly string[];
  /** Targets that get a variant of their own, best first. */
  readonly variants: readonly string[];
  readonly found: 'missing' | 'invalid' | 'ok';
  readonly entries: readonly EntryStatus[];
  readonly problems: readonly LockProblem[];
  /** Entries that do not fit sources or profiles any more, and what was refused: a frozen build fails on these. */
  readonly drift: readonly string[];
}

/**
 * What a build here would make of `autopass.lock`; changes nothing.
 * @param isa the config's; `AUTOPASS_ISA` goes before it, as in builds
 */
export async function lockStatus(
  packageRoot: string,
  isa = 'baseline',
  env: NodeJS.ProcessEnv = process.env,
): Promise<LockStatus> {
  const file = path.join(packageRoot, 'autopass.lock');
  const machine = buildMachine({ ...env, AUTOPASS_ISA: env.AUTOPASS_ISA ?? isa });
  const { targets } = machine;
  const manifest = await readPackageJson(packageRoot);
  const policy = { allow: manifest.autopass?.allow ?? [] };
  const reading = await readLock(file, policy);
  if (reading.kind === 'missing') {
    return { file, targets, variants: [], found: 'missing', entries: [], problems: [], drift: [] };
  }
  if (reading.kind === 'invalid') {
    const { where, reason } = reading.problem;
    const drift = [`${where}: ${reason}. ${reading.hint}`];
    return { file, targets, variants: [], found: 'invalid', entries: [], problems: [reading.problem], drift };
  }
  const { plans, stock } = await decidePlans({
    packageRoot,
    lock: plainPart(reading.lock, machine),
    machine,
    policy,
    env,
  });
  const levels =
    machine.isa === 'dispatch'
      ? await decideLevels(machine.host, { packageRoot, lock: reading.lock, policy, env })
      : [];
  const inVariants = levels.flatMap((level) => level.plans.map(({ entry }) => entry));
  const entries = await Promise.all(
    reading.lock.entries.map(async (entry): Promise<EntryStatus> => {
      const changed = await isChanged(packageRoot, entry);
      if (entry.verdict === 'stock') return { entry, state: 'stock verdict', changed };
      if (plans.some((plan) => plan.entry === entry)) {
        return { entry, state: 'applied', ...choice(entry, reading.lock, targets), changed };
      }
      if (inVariants.includes(entry)) return { entry, state: 'variant', changed };
      const reason =
        misfitOf(entry, machine) ??
        stock.find((other) => other.entry === entry)?.reason ??
        `${bestTarget(entry, reading.lock, targets)} fits better`;
      return { entry, state: 'not applied', reason, changed };
    }),
  );
  const drift = [
    ...reading.problems.map(({ where, reason }) => `${where}: ${reason}`),
    ...entries
      .filter(({ changed }) => changed)
      .map(({ entry }) => `${entry.file} (${entry.target}): the source changed since it was tuned`),
    ...(await profileDrift(packageRoot, reading.lock)),
  ];
  const variants = levels.map(({ target }) => target);
  return { file, targets, variants, found: 'ok', entries, problems: reading.problems, drift };
}

/** A source that the build makes may not be there yet; its compile will tell. */
async function isChanged(packageRoot: string, { file, includes, source }: LockEntry): Promise<boolean> {
  const hash = await sourceHash(packageRoot, file, includes);
  return hash === undefined && isGenerated(file) ? false : hash !== source;
}

/** Why the machine, or the config, keeps a build from using code for the entry's target. */
function misfitOf({ target }: LockEntry, { host, isa, targets }: BuildMachine): string | undefined {
  const reason = misfit(target, runnableTargets(host));
  if (reason !== undefined || targets.includes(target)) return reason;
  return `above what "isa": "${isa}" lets a build assume`;
}

/** Why an entry is the one that builds use, where the lock has others for its file. */
function choice(entry: LockEntry, lock: Lock, targets: readonly string[]): { reason?: string } {
  const others = rivals(entry, lock);
  if (others.length < 2) return {};
  const runnable = others.filter(({ target }) => targets.includes(target));
  const which = runnable.length === 1 ? 'the only one that fits' : `the best of ${runnable.length} that fit`;
  return { reason: `used: ${which}, of ${others.length} targets in the lock` };
}

function bestTarget(entry: LockEntry, lock: Lock, targets: readonly string[]): string {
  const present = rivals(entry, lock).map(({ target }) => target);
  return targets.find((target) => present.includes(target)) ?? 'another entry';
}

/** The entries of the same file and object, this one included. */
function rivals(entry: LockEntry, { entries }: Lock): LockEntry[] {
  return entries.filter(({ file, object }) => file === entry.file && object === entry.object);
}

/** Profiles that somebody forgot to commit beside the lock, of all targets. */
async function profileDrift(packageRoot: string, { entries }: Lock): Promise<string[]> {
  const lines = await Promise.all(
    entries.map(async ({ file, target, levers }) => {
      const problem = await profileProblem(packageRoot, levers);
      return problem === undefined ? [] : [`${file} (${target}): ${problem}`];
    }),
  );
  return lines.flat();
}

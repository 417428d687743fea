import path from 'node:path';
import { isaLevelOf } from '../levers/isa-level.js';
import { profilesFolder } from '../levers/profiles.js';
import { renderConfiguration } from '../levers/render.js';
import { type ThinLtoTools, thinLtoTools } from '../levers/thin-lto.js';
import type { CompilePlan, LeverPolicy } from '../levers/types.js';
import { matchEntries } from '../lock/match.js';
import { sourceHash } from '../lock/source-hash.js';
import type { Lock, LockEntry } from '../lock/types.js';
import type { BuildMachine } from '../target/machine.js';
import { acceptsArgs } from '../toolchain/accepts.js';
import { findClangs } from '../toolchain/find-clang.js';
import type { Clang } from '../toolchain/types.js';
import { isGenerated } from './moved-build.js';
import { formatPlan, planDigest, planPath, tunedBaseArgs } from './plan-file.js';
import { profileProblem } from './profile-state.js';

/** What the launcher shall do for one source (or one object of it). */
export interface DecidedPlan {
  readonly entry: LockEntry;
  /** Path relative to the plans folder. */
  readonly path: string;
  readonly text: string;
  readonly digest: string;
  readonly clang: Clang;
  /** What the link of its object needs. */
  readonly thinLto?: ThinLtoTools;
}

/** A lock entry that is not applied, and why. */
export interface StockEntry {
  readonly entry: LockEntry;
  readonly reason: string;
}

export interface Decisions {
  readonly plans: readonly DecidedPlan[];
  readonly stock: readonly StockEntry[];
}

/** Picks the entries that fit the targets and this machine's compilers, and turns each into a plan. */
export async function decidePlans(options: {
  packageRoot: string;
  lock: Lock;
  policy: LeverPolicy;
  /** Its `targets` are those whose entries may be applied. */
  machine: Pick<BuildMachine, 'targets' | 'cross'>;
  env: NodeJS.ProcessEnv;
  /** Whether the build has run: sources that it makes are compared at once then, and not when they are compiled. */
  isBuilt?: boolean;
}): Promise<Decisions> {
  const clangs = await findClangs({ env: options.env });
  const { chosen, unfit } = matchEntries(options.lock, {
    targets: options.machine.targets,
    majors: majorsOf(clangs, 'llvm'),
    appleMajors: majorsOf(clangs, 'apple'),
  });
  const outcomes = await Promise.all(
    chosen.filter(({ verdict }) => verdict !== 'stock').map((entry) => decide(entry, clangs, options)),
  );
  const isChosen = (entry: LockEntry): boolean =>
    chosen.some((other) => other.file === entry.file && other.object === entry.object);
  return {
    plans: outcomes.filter((outcome) => 'path' in outcome),
    stock: [
      ...unfit.filter(({ entry }) => !isChosen(entry)),
      ...outcomes.filter((outcome) => 'reason' in outcome),
    ],
  };
}

function majorsOf(clangs: readonly Clang[], vendor: Clang['vendor']): number[] {
  return [...new Set(clangs.filter((clang) => clang.vendor === vendor).map((clang) => clang.major))];
}

async function decide(
  entry: LockEntry,
  clangs: readonly Clang[],
  options: {
    packageRoot: string;
    policy: LeverPolicy;
    machine: Pick<BuildMachine, 'cross'>;
    env: NodeJS.ProcessEnv;
    isBuilt?: boolean;
  },
): Promise<DecidedPlan | StockEntry> {
  const stock = (reason: string): StockEntry => ({ entry, reason });
  const { cross } = options.machine;
  const clang = clangs.find(
    ({ vendor, major }) => vendor === entry.compiler.vendor && major === entry.compiler.major,
  );
  if (clang === undefined) return stock(`clang ${entry.compiler.major} was not found`);
  const relative = planPath(entry);
  if (relative === undefined) return stock(`the object ${entry.object} lies outside the build folder`);
  const { file, includes, source } = entry;
  const tuned = isGenerated(file) && options.isBuilt !== true ? { file, includes, source } : undefined;
  if (tuned === undefined) {
    const hash = await sourceHash(options.packageRoot, file, includes);
    if (hash === undefined) return stock('its source, or a header that it includes, is missing');
    if (hash !== source)
      return stock('its source changed since it was tuned; to tune it again: npx autopass tune');
  }
  const arch = entry.target.includes('-arm64/') ? 'arm64' : 'x64';
  const profiles = path.join(options.packageRoot, profilesFolder);
  const level = isaLevelOf(entry.target);
  const target = { arch, major: clang.major, level, profiles } as const;
  const rendered = renderConfiguration(entry.levers, options.policy, target);
  if (!rendered.ok)
    return stock(rendered.problems.map(({ id, reason }) => `lever ${id}: ${reason}`).join('; '));
  const { plan } = rendered;
  if (plan.kind === 'two-stage' && plan.optArgs !== undefined && clang.tools.opt === undefined) {
    return stock(`it needs opt of LLVM ${clang.major}, which was not found (package llvm-${clang.major})`);
  }
  const lto = plan.kind === 'two-stage' && plan.thinLto !== undefined ? thinLtoTools(clang) : undefined;
  if (lto?.ok === false) return stock(lto.reason);
  if (lto !== undefined && cross !== undefined) return stock('ThinLTO is not done in cross builds');
  const problem = await profileProblem(options.packageRoot, entry.levers);
  if (problem !== undefined) return stock(problem);
  const triple = cross?.triple;
  const targetArgs = triple === undefined ? [] : [`--target=${triple}`];
  if (!(await isAccepted(plan, clang, entry.file, targetArgs, options.env))) {
    return stock(`${clang.cc} (${clang.version}) does not take its arguments`);
  }
  const text = formatPlan(plan, clang, { target: triple, tuned });
  if (text === undefined) return stock('one of its arguments holds a line break');
  const digest = planDigest(plan, clang, options.packageRoot, triple);
  return { entry, path: relative, text, digest, clang, ...(lto && { thinLto: lto.tools }) };
}

async function isAccepted(
  plan: CompilePlan,
  clang: Clang,
  file: string,
  targetArgs: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const language = file.endsWith('.c') ? 'c' : 'c++';
  const sets = plan.kind === 'flags' ? [plan.args] : [plan.frontArgs, plan.backArgs];
  for (const args of sets) {
    if (!(await acceptsArgs(clang, [...targetArgs, ...tunedBaseArgs, ...args], language, { env })))
      return false;
  }
  return true;
}

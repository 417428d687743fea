import path from 'node:path';
import { isaLevelOf } from '../levers/isa-level.js';
import { gccProfile, profilesFolder } from '../levers/profiles.js';
import { renderConfiguration } from '../levers/render.js';
import { type ThinLtoTools, thinLtoTools } from '../levers/thin-lto.js';
import type { CompilePlan, LeverPolicy } from '../levers/types.js';
import { matchEntries } from '../lock/match.js';
import { sourceHash } from '../lock/source-hash.js';
import type { Lock, LockEntry } from '../lock/types.js';
import type { BuildMachine } from '../target/machine.js';
import { acceptsArgs } from '../toolchain/accepts.js';
import { findClangs } from '../toolchain/find-clang.js';
import { findGccs } from '../toolchain/find-gcc.js';
import type { Compiler } from '../toolchain/types.js';
import { isGenerated } from './moved-build.js';
import { baseArgsOf, formatPlan, planDigest, planPath } from './plan-file.js';
import { profileProblem } from './profile-state.js';

/** What the launcher shall do for one source (or one object of it). */
export interface DecidedPlan {
  readonly entry: LockEntry;
  /** Path relative to the plans folder. */
  readonly path: string;
  readonly text: string;
  readonly digest: string;
  readonly compiler: Compiler;
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
  const { env, lock, machine } = options;
  const usesGcc = lock.entries.some(({ compiler }) => compiler.vendor === 'gnu');
  const compilers = [
    ...(await findClangs({ env })),
    ...(usesGcc && machine.cross === undefined ? await findGccs(env) : []),
  ];
  const { chosen, unfit } = matchEntries(lock, {
    targets: machine.targets,
    majors: majorsOf(compilers, 'llvm'),
    appleMajors: majorsOf(compilers, 'apple'),
    gccMajors: majorsOf(compilers, 'gnu'),
  });
  const outcomes = await Promise.all(
    chosen.filter(({ verdict }) => verdict !== 'stock').map((entry) => decide(entry, compilers, options)),
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

function majorsOf(compilers: readonly Compiler[], vendor: Compiler['vendor']): number[] {
  return [...new Set(compilers.filter((one) => one.vendor === vendor).map(({ major }) => major))];
}

async function decide(
  entry: LockEntry,
  compilers: readonly Compiler[],
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
  const compiler = compilers.find(
    ({ vendor, major }) => vendor === entry.compiler.vendor && major === entry.compiler.major,
  );
  if (compiler === undefined) return stock('its compiler was not found');
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
  const gcc = compiler.vendor === 'gnu';
  const target = { arch, major: compiler.major, level, profiles, gcc } as const;
  const rendered = renderConfiguration(entry.levers, options.policy, target);
  if (!rendered.ok)
    return stock(rendered.problems.map(({ id, reason }) => `lever ${id}: ${reason}`).join('; '));
  const { plan } = rendered;
  const lto = stagedTools(plan, compiler);
  if (lto?.ok === false) return stock(lto.reason);
  if (lto !== undefined && cross !== undefined) return stock('ThinLTO is not done in cross builds');
  if (gccProfile in entry.levers && release(compiler) !== release(entry.compiler))
    return stock(`gcc ${compiler.version} cannot read its profile, which is of ${entry.compiler.version}`);
  const problem = await profileProblem(options.packageRoot, entry.levers);
  if (problem !== undefined) return stock(problem);
  const triple = cross?.triple;
  const targetArgs = triple === undefined ? [] : [`--target=${triple}`];
  if (!(await isAccepted(plan, compiler, entry.file, targetArgs, options.env))) {
    return stock(`${compiler.cc} (${compiler.version}) does not take its arguments`);
  }
  const text = formatPlan(plan, compiler, { target: triple, tuned });
  if (text === undefined) return stock('one of its arguments holds a line break');
  const digest = planDigest(plan, compiler, options.packageRoot, triple);
  return { entry, path: relative, text, digest, compiler, ...(lto && { thinLto: lto.tools }) };
}

/** What ThinLTO needs besides the compiler, where a plan uses it; or why a compile in two stages is not possible. */
function stagedTools(plan: CompilePlan, compiler: Compiler): ReturnType<typeof thinLtoTools> | undefined {
  if (plan.kind !== 'two-stage' || compiler.vendor === 'gnu') return undefined;
  const { tools, major } = compiler;
  if (plan.optArgs !== undefined && tools.opt === undefined) {
    const reason = `it needs opt of LLVM ${major}, which was not found (package llvm-${major})`;
    return { ok: false, reason };
  }
  return plan.thinLto === undefined ? undefined : thinLtoTools(compiler);
}

/** Every minor release of gcc has a format of its own for counts. */
function release({ version }: Pick<Compiler, 'version'>): string {
  return version.split('.').slice(0, 2).join('.');
}

async function isAccepted(
  plan: CompilePlan,
  compiler: Compiler,
  file: string,
  targetArgs: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const language = file.endsWith('.c') ? 'c' : 'c++';
  const sets = plan.kind === 'flags' ? [plan.args] : [plan.frontArgs, plan.backArgs];
  for (const args of sets) {
    if (!(await acceptsArgs(compiler, [...targetArgs, ...baseArgsOf(plan), ...args], language, { env })))
      return false;
  }
  return true;
}

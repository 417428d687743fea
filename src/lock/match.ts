import type { Lock, LockCompiler, LockEntry } from './types.js';

/** What a build is for and which compilers it has. */
export interface MatchOptions {
  /** Targets whose code may be used, best first. */
  readonly targets: readonly string[];
  /** LLVM majors of the usable clangs. */
  readonly majors: readonly number[];
  /** Majors of Apple's clang, which counts otherwise than LLVM. */
  readonly appleMajors?: readonly number[];
  /** Of the usable gccs. */
  readonly gccMajors?: readonly number[];
}

export interface UnfitEntry {
  readonly entry: LockEntry;
  /** One sentence: why, and what to do. */
  readonly reason: string;
}

export interface Match {
  readonly chosen: readonly LockEntry[];
  readonly unfit: readonly UnfitEntry[];
}

/**
 * Picks for every file and object the entry of the best target that this machine runs and has the compiler for. Entries of
 * other targets are listed as unfit only where nothing was chosen for their file and object.
 */
export function matchEntries(lock: Lock, options: MatchOptions): Match {
  const units = new Map<string, LockEntry[]>();
  for (const entry of lock.entries) {
    const unit = JSON.stringify([entry.file, entry.object ?? '']);
    units.set(unit, [...(units.get(unit) ?? []), entry]);
  }
  const matches = [...units.values()].map((entries) => matchUnit(entries, options));
  return { chosen: matches.flatMap(({ chosen }) => chosen), unfit: matches.flatMap(({ unfit }) => unfit) };
}

function matchUnit(entries: readonly LockEntry[], options: MatchOptions): Match {
  const runnable = options.targets.flatMap((target) => entries.filter((entry) => entry.target === target));
  const fitting = runnable.findIndex((entry) => hasCompiler(entry, options));
  const chosen = runnable.slice(fitting === -1 ? runnable.length : fitting).slice(0, 1);
  const unfit = runnable
    .slice(0, fitting === -1 ? runnable.length : fitting)
    .map((entry) => ({ entry, reason: compilerReason(entry, options) }));
  if (runnable.length > 0) return { chosen, unfit };
  const [first] = entries;
  return {
    chosen,
    unfit: first === undefined ? [] : [{ entry: first, reason: targetReason(entries, options) }],
  };
}

/** The verdict for the stock compiler needs no other. */
function hasCompiler({ compiler, verdict }: LockEntry, options: MatchOptions): boolean {
  return verdict === 'stock' || available(compiler.vendor, options).includes(compiler.major);
}

function available(vendor: LockCompiler['vendor'], options: MatchOptions): readonly number[] {
  const { majors: llvm, appleMajors: apple = [], gccMajors: gnu = [] } = options;
  return { llvm, apple, gnu }[vendor];
}

const names = { llvm: 'clang', apple: 'Apple clang', gnu: 'gcc' };

function compilerReason({ compiler }: LockEntry, options: MatchOptions): string {
  const name = names[compiler.vendor];
  const present = available(compiler.vendor, options);
  const found =
    present.length === 0
      ? 'none was found'
      : `only ${present.join(' and ')} ${present.length === 1 ? 'was' : 'were'} found`;
  return `tuned with ${name} ${compiler.major}, but ${found}; install ${name} ${compiler.major} or tune again: npx autopass tune`;
}

function targetReason(entries: readonly LockEntry[], options: MatchOptions): string {
  const tuned = [...new Set(entries.map((entry) => entry.target))].join(', ');
  const here = options.targets[0] ?? 'no known target';
  return `tuned for ${tuned}, but this build is for ${here} (see "isa"); to tune for it: npx autopass tune`;
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import { tunedBaseArgs } from '../build/plan-file.js';
import type { CompileCommand } from '../build/types.js';
import { optimisationLevel } from '../levers/command-args.js';
import { compileStaged } from '../levers/staged.js';
import type { Run } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import { joinShares } from './case-effects.js';
import { readHotLoops } from './hot-loops.js';
import { type ObjectAssembly, objectFunctions, readObjectAssembly } from './object-assembly.js';
import { createRemarkCollector, readRemarkFile, remarkPasses } from './remarks.js';
import type { AssemblyFacts, Evidence, HotFunction, Remark } from './types.js';

export interface GatherRequest {
  readonly command: CompileCommand;
  readonly clang: Clang;
  /** The configuration, rendered as extra clang arguments. */
  readonly flags: readonly string[];
  /** From the score. Empty: the largest functions are taken instead, and the evidence says so. */
  readonly hot: readonly HotFunction[];
  readonly share: number;
  /** Also lists the loops of the hot functions, from the unit as it is without levers. */
  readonly loops?: boolean;
  /** Also counts the conditional moves of x86 code that became branches, by compiling a second time. */
  readonly branchedSelects?: boolean;
  /** Where temporary files may be written. */
  readonly workDir: string;
  /** Runs clang; one that keeps what front ends make saves much of the time. */
  readonly run?: Run;
  readonly signal?: AbortSignal;
}

const longestCompileMs = 600_000;
const mostHotFunctions = 24;

/**
 * Compiles the unit once more with remarks switched on and reads them and the machine code, hot functions only.
 * Recording does not change the code (the object only gains line tables), but the object is never linked. A clang
 * that fails gives evidence without facts, with the reason in `sources`. Aborting throws the signal's reason.
 */
export async function gatherEvidence(request: GatherRequest): Promise<Evidence> {
  await mkdir(request.workDir, { recursive: true });
  const folder = await mkdtemp(join(request.workDir, 'evidence-'));
  try {
    return await gatherIn(folder, request);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function gatherIn(folder: string, request: GatherRequest): Promise<Evidence> {
  const { command, clang, signal } = request;
  const output = join(folder, 'unit.o');
  const record = join(folder, 'remarks.yaml');
  const branchless = join(folder, 'branchless.o');
  const [failure, problem] = await Promise.all([
    compile(request, output, recording(record)),
    request.branchedSelects ? compile(request, branchless, keepSelects) : 'not asked for',
  ]);
  const ownLevel = optimisationLevel(command.argv);
  const base = { file: command.file, share: request.share, ownLevel };
  const perf = request.hot.length > 0 ? 'used' : 'no profile: the largest functions are taken as hot';
  if (failure !== undefined) {
    const sources = { remarks: failure, assembly: failure, perf };
    return { ...base, hot: request.hot, remarks: [], assembly: [], sources };
  }
  const functions = await objectFunctions(output);
  const present = new Set(functions.map((entry) => entry.name));
  const hot =
    request.hot.length > 0
      ? await withCallersOfInlined(request.hot.slice(0, mostHotFunctions), present, record, signal)
      : largest(functions, request.share);
  const names = new Set(hot.map((entry) => entry.name));
  const remarks = await readRemarks(record, names, signal);
  const assembly = await readObjectAssembly(output, names, clang, signal);
  const loops =
    request.loops === true
      ? await readHotLoops({ ...request, hot, remarks: remarks ?? [], folder })
      : undefined;
  return {
    ...base,
    hot,
    remarks: remarks ?? [],
    assembly: withBranchedSelects(
      assembly,
      problem === undefined ? await readObjectAssembly(branchless, names, clang, signal) : undefined,
    ),
    ...(loops?.kind === 'read' && { loops: loops.loops }),
    sources: {
      ...(loops && { loops: loops.kind === 'read' ? 'used' : loops.reason }),
      remarks: remarks === undefined ? 'clang wrote no record' : 'used',
      assembly: assembly.kind === 'read' ? 'used' : assembly.reason,
      perf,
    },
  };
}

function recording(record: string): string[] {
  return [
    '-fsave-optimization-record=yaml',
    `-foptimization-record-file=${record}`,
    `-foptimization-record-passes=^(${remarkPasses.join('|')})$`,
    '-mllvm',
    // Without it the cost of a rejected inlining stops at the threshold. Does not change the code.
    '-inline-cost-full=true',
  ];
}

const keepSelects = ['-mllvm', '-x86-cmov-converter=false'];

/** The facts, with the conditional moves that the same functions have beyond theirs in code that keeps them. */
function withBranchedSelects(
  own: ObjectAssembly,
  keeping: ObjectAssembly | undefined,
): readonly AssemblyFacts[] {
  if (own.kind !== 'read') return [];
  if (keeping?.kind !== 'read') return own.facts;
  const kept = new Map(keeping.facts.map(({ function: name, cmov }) => [name, cmov]));
  return own.facts.map((facts) => ({
    ...facts,
    branchedSelects: Math.max(0, (kept.get(facts.function) ?? 0) - facts.cmov),
  }));
}

/** Compiles with line tables and further arguments of the back end; the answer is what went wrong. */
async function compile(
  { command, clang, flags, run, signal }: GatherRequest,
  output: string,
  further: readonly string[],
): Promise<string | undefined> {
  const compiler = command.language === 'c++' ? clang.cxx : clang.cc;
  const extra = [...tunedBaseArgs, '-w', '-gline-tables-only'];
  const args = compileArgs(command, { compiler, output, extra }).slice(1);
  const limits = { cwd: command.cwd, timeoutMs: longestCompileMs, ...(signal && { signal }) };
  const failure = await compileStaged({ compiler, args, flags, ...limits, ...(run && { run }) }, further);
  signal?.throwIfAborted();
  const reason = failure?.split('\n').find((line) => /error|fatal/i.test(line)) ?? failure;
  return reason && `clang failed: ${reason.slice(0, 200)}`;
}

async function readRemarks(
  record: string,
  names: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Remark[] | undefined> {
  const collector = createRemarkCollector();
  try {
    await readRemarkFile(
      record,
      (_pass, _name, functionName) => names.has(functionName),
      collector.add,
      signal,
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return collector.remarks();
}

/**
 * The profile may come from another compiler that inlined differently: the time of a function that clang inlined
 * everywhere goes to the functions it was inlined into, in equal parts.
 */
async function withCallersOfInlined(
  hot: readonly HotFunction[],
  present: ReadonlySet<string>,
  record: string,
  signal: AbortSignal | undefined,
): Promise<HotFunction[]> {
  const gone = new Map(hot.filter((entry) => !present.has(entry.name)).map((entry) => [entry.name, entry]));
  const found = new Map(hot.filter((entry) => present.has(entry.name)).map((entry) => [entry.name, entry]));
  if (gone.size > 0) {
    const callers = new Map<HotFunction, Set<string>>();
    await readRemarkFile(
      record,
      (pass, name, functionName) =>
        pass === 'inline' && (name === 'Inlined' || name === 'AlwaysInline') && present.has(functionName),
      ({ args, function: caller }) => {
        const callee = gone.get(args.Callee ?? '');
        if (callee === undefined) return;
        const known = callers.get(callee);
        if (known === undefined) callers.set(callee, new Set([caller]));
        else known.add(caller);
      },
      signal,
    ).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
    for (const [callee, into] of callers) {
      for (const caller of into) {
        found.set(caller, withPart(found.get(caller) ?? { name: caller, share: 0 }, callee, into.size));
      }
    }
  }
  return [...found.values()].sort((a, b) => b.share - a.share).slice(0, mostHotFunctions);
}

/** A function with one of so many equal parts of another one's time. */
function withPart(entry: HotFunction, other: HotFunction, parts: number): HotFunction {
  const share = entry.share + other.share / parts;
  if (other.cases === undefined) return { ...entry, share };
  const part = Object.entries(other.cases).map(([name, ofCase]) => [name, ofCase / parts]);
  return { ...entry, share, cases: joinShares([entry.cases ?? {}, Object.fromEntries(part)]) };
}

function largest(functions: readonly { name: string; size: number }[], share: number): HotFunction[] {
  const total = functions.reduce((bytes, entry) => bytes + entry.size, 0);
  return [...functions]
    .sort((a, b) => b.size - a.size)
    .slice(0, mostHotFunctions / 2)
    .map(({ name, size }) => ({ name, share: (share * size) / total }));
}

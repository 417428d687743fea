import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Run, run as runCommand } from '../toolchain/run.js';
import { type CompileArgs, debugInfo, parseCompileArgs } from './command-args.js';
import { formatLtoModule, ltoSection, sealFatObject } from './fat-object.js';
import { applyHints, disableDebugInfo, type SkippedHint } from './ir-hints.js';
import type { ReadSource } from './loops.js';
import { pipelineArgs } from './opt-args.js';
import { ltoBackEndArgs, withRelativeSource } from './thin-lto.js';
import type { CompilePlan } from './types.js';

export interface TwoStageRequest {
  /** `clang` or `clang++`, as the language of the project's command asks. */
  readonly compiler: string;
  /** `opt` of the same LLVM; needed only when the plan has `optArgs`. */
  readonly opt?: string;
  /** `llvm-objcopy` of the same LLVM; needed only when the plan has `thinLto`. */
  readonly objcopy?: string;
  /** Arguments of the one-step compile, without the compiler: the project's own, then `-O3` and the warning flags. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly plan: Extract<CompilePlan, { kind: 'two-stage' }>;
  readonly env?: NodeJS.ProcessEnv;
  /** For each of the two or three processes; 15 minutes when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly run?: Run;
}

export type TwoStageResult =
  /** `stderr` holds the warnings of the front end. */
  | { readonly ok: true; readonly stderr: string; readonly skipped: readonly SkippedHint[] }
  | { readonly ok: false; readonly stage: TwoStageStage; readonly stderr: string };

export type TwoStageStage = 'arguments' | 'files' | 'front end' | 'opt' | 'back end' | 'fat object';

const defaultTimeoutMs = 15 * 60_000;

/**
 * Compiles through textual IR: front end, hints, `opt` when passes are inserted, back end. With an empty plan the object is
 * byte for byte the one of the one-step compile. The object appears by renaming, so it is never half written; the
 * dependency file is the one that the project's command asks for.
 */
export async function compileTwoStage(request: TwoStageRequest): Promise<TwoStageResult> {
  const parsed = parseCompileArgs(request.args);
  if (parsed === undefined) return failed('arguments', 'not a compile of one source with -o');
  if (request.plan.optArgs !== undefined && request.opt === undefined) {
    return failed('arguments', 'the configuration inserts passes, but this LLVM has no opt');
  }
  if (request.plan.thinLto !== undefined && request.objcopy === undefined) {
    return failed('arguments', 'ThinLTO needs llvm-objcopy, which this LLVM does not have');
  }
  const output = resolve(request.cwd, parsed.output);
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(dirname(output), '.autopass-'));
    return await compileIn(folder, request, parsed, output);
  } catch (error) {
    return failed('files', error instanceof Error ? error.message : String(error));
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function compileIn(
  folder: string,
  request: TwoStageRequest,
  parsed: CompileArgs,
  output: string,
): Promise<TwoStageResult> {
  const { plan } = request;
  const call = caller(request);
  const withLoops = plan.hints.some((hint) => hint.kind === 'loop');
  const isText = plan.hints.length > 0 || plan.thinLto !== undefined;
  const raw = join(folder, isText ? 'raw.ll' : 'raw.bc');
  const front = await call('front end', raw, [
    request.compiler,
    ...frontEndArgs(parsed, plan.frontArgs, withLoops),
    ...(isText ? ['-S'] : ['-c']),
    ...['-o', raw],
  ]);
  if (!front.ok) return front;

  const borrowed = withLoops && !hasPlaces([...request.args, ...plan.frontArgs]);
  const skipped = plan.hints.length > 0 ? editIr(raw, plan.hints, borrowed) : [];
  if (plan.thinLto !== undefined) {
    writeFileSync(raw, withRelativeSource(readFileSync(raw, 'latin1'), request.cwd), 'latin1');
  }

  const optimised = plan.optArgs === undefined ? raw : join(folder, 'optimised.bc');
  if (plan.optArgs !== undefined) {
    const options = [...pipelineArgs([...request.args, ...plan.frontArgs]), ...parsed.llvm, ...plan.optArgs];
    const opt = await call('opt', optimised, [request.opt ?? '', ...unique(options), raw, '-o', optimised]);
    if (!opt.ok) return opt;
    // opt drops an insertion that it cannot parse, says so, and exits with 0.
    if (opt.stderr.includes('Could not parse')) return failed('opt', opt.stderr);
  }

  const object = join(folder, 'object.o');
  const backArgs = [
    ...parsed.forIr,
    ...parsed.llvm.flatMap((option) => ['-mllvm', option]),
    ...plan.backArgs,
    ...(plan.optArgs === undefined ? [] : ['-Xclang', '-disable-llvm-passes']),
  ];
  const back = await call('back end', object, backEnd(request.compiler, backArgs, optimised, object));
  if (!back.ok) return back;
  if (plan.thinLto !== undefined) {
    const fat = await addModule(folder, request, call, { ir: raw, backArgs, major: plan.thinLto.major });
    if (!fat.ok) return fat;
  }
  renameSync(object, output);
  return { ok: true, stderr: front.stderr, skipped };
}

function backEnd(compiler: string, args: readonly string[], input: string, output: string): string[] {
  const fixed = ['-Qunused-arguments', '-fno-crash-diagnostics', '-c', '-x', 'ir', input, '-o', output];
  return [compiler, ...args, ...fixed];
}

/** Puts into the object what the link needs for ThinLTO; its native code stays the one of a compile without. */
async function addModule(
  folder: string,
  request: TwoStageRequest,
  call: ReturnType<typeof caller>,
  { ir, backArgs, major }: { ir: string; backArgs: readonly string[]; major: number },
): Promise<Step> {
  const [object, module, section, fat] = ['object.o', 'module.bc', 'module', 'fat.o'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  const optimise = backEnd(request.compiler, [...backArgs, '-flto=thin'], ir, module);
  const optimised = await call('back end', module, optimise);
  if (!optimised.ok) return optimised;
  const args = ltoBackEndArgs(backArgs);
  writeFileSync(section, formatLtoModule({ major, args, bitcode: readFileSync(module) }));
  const flags = `${ltoSection}=readonly,exclude`;
  const copy = ['--add-section', `${ltoSection}=${section}`, '--set-section-flags', flags, object, fat];
  const copied = await call('fat object', fat, [request.objcopy ?? '', ...copy]);
  if (!copied.ok) return copied;
  const bytes = readFileSync(fat);
  sealFatObject(bytes);
  writeFileSync(object, bytes);
  return copied;
}

/**
 * Arguments that make clang write unoptimised IR of a command, for the level of the command. `withLoops` adds line tables
 * where the IR would not name source lines; they do not change the code.
 */
export function frontEndArgs(
  parsed: CompileArgs,
  extra: readonly string[],
  withLoops: boolean,
): readonly string[] {
  const all = [...parsed.common, ...extra];
  return [
    ...all,
    ...(withLoops && !hasPlaces(all) ? ['-gline-tables-only'] : []),
    ...parsed.dependencies,
    ...['-emit-llvm', '-Xclang', '-disable-llvm-passes', '-fno-crash-diagnostics', parsed.source],
  ];
}

/** Whether the IR names source lines. For a sampled profile clang sees to that itself, and the optimiser must find them. */
function hasPlaces(args: readonly string[]): boolean {
  return debugInfo(args) !== 'none' || args.some((arg) => arg.startsWith('-fprofile-sample-use='));
}

/** Reads a source as `listLoops` and `applyHints` want it. */
export const readSourceFile: ReadSource = (path) => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
};

function editIr(
  path: string,
  hints: Parameters<typeof applyHints>[1],
  borrowed: boolean,
): readonly SkippedHint[] {
  // Latin-1 keeps every byte of identifiers and strings as it is.
  const { ir, skipped } = applyHints(readFileSync(path, 'latin1'), hints, readSourceFile);
  writeFileSync(path, borrowed ? disableDebugInfo(ir) : ir, 'latin1');
  return skipped;
}

type Step = { readonly ok: true; readonly stderr: string } | Extract<TwoStageResult, { ok: false }>;

/** Runs one stage; it succeeded when it exited with 0 and wrote its output. */
function caller(request: TwoStageRequest) {
  return async (stage: TwoStageStage, output: string, argv: readonly string[]): Promise<Step> => {
    const result = await (request.run ?? runCommand)(argv, {
      cwd: request.cwd,
      timeoutMs: request.timeoutMs ?? defaultTimeoutMs,
      ...(request.env === undefined ? {} : { env: request.env }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const written = (statSync(output, { throwIfNoEntry: false })?.size ?? 0) > 0;
    if (result.code === 0 && written) return { ok: true, stderr: result.stderr };
    const why = result.timedOut
      ? 'took too long'
      : (result.spawnError ?? `ended with ${result.code ?? result.signal}`);
    return failed(stage, `${why}\n${result.stderr}`);
  };
}

function failed(stage: TwoStageStage, stderr: string): Extract<TwoStageResult, { ok: false }> {
  return { ok: false, stage, stderr };
}

function unique(options: readonly string[]): string[] {
  return [...new Set(options)];
}

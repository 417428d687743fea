import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import { tunedBaseArgs } from '../build/plan-file.js';
import { disassemble, type Instruction, innermostLoops } from '../evidence/disassembly.js';
import { type IrFeatures, irFeatures, irOfFunction } from '../evidence/ir-features.js';
import { readObjectAssembly } from '../evidence/object-assembly.js';
import { readStaticCost, type StaticCost } from '../evidence/static-cost.js';
import type { AssemblyFacts, Evidence, Remark } from '../evidence/types.js';
import { configurationKey } from '../levers/configuration-key.js';
import { isaArgs } from '../levers/isa-level.js';
import { listLoops } from '../levers/loops.js';
import { renderConfiguration } from '../levers/render.js';
import { readSourceFile } from '../levers/two-stage.js';
import type { Configuration, RenderTarget } from '../levers/types.js';
import type { CompiledFacts, Inspection, Inspector } from '../policy/types.js';
import { run } from '../toolchain/run.js';
import type { Clang } from '../toolchain/types.js';
import { mapPool } from './pool.js';
import type { TunedUnit } from './units.js';
import type { CompiledObject, CompileOutcome, Workspace } from './workspace.js';

export interface InspectorOptions {
  readonly units: readonly TunedUnit[];
  readonly workspace: Workspace;
  readonly clang: Clang;
  /** What llvm-mca is a model of; the processor that it runs on when absent. */
  readonly cpu: string | undefined;
  readonly target: RenderTarget;
  readonly allow: readonly string[];
  readonly workDir: string;
  readonly signal: AbortSignal | undefined;
  readonly gather: (unit: TunedUnit, configuration: Configuration) => Promise<Evidence | undefined>;
}

const compileTimeoutMs = 120_000;
const functionsWithCost = 4;
const shownLoops = 3;
const shownInstructions = 70;

/** One inspector for each list of units, whoever asks for it and how often. */
export function createInspectors(
  shared: Omit<InspectorOptions, 'units'>,
): (units: readonly TunedUnit[]) => Inspector {
  const made = new Map<readonly TunedUnit[], Inspector>();
  return (units) => {
    const inspector = made.get(units) ?? createInspector({ ...shared, units });
    made.set(units, inspector);
    return inspector;
  };
}

/** Answers about units from the compiler; the same question is answered from memory. */
export function createInspector(options: InspectorOptions): Inspector {
  const { units, workspace, clang, target, cpu, signal } = options;
  const rawIr = ['-g0', ...isaArgs(target.level), '-Xclang', '-disable-llvm-passes'];
  const sources: Record<string, string> = {};
  const compiled = new Map<string, Promise<CompiledFacts>>();
  const irs = new Map<string, Promise<string | undefined>>();
  const unitOf = (name: string): TunedUnit | undefined =>
    units.find(({ evidence }) => evidence.hot.some((entry) => entry.name === name));
  const irOf = (unit: TunedUnit, args: readonly string[]): Promise<string | undefined> =>
    remembered(irs, `${unit.key}\0${args.join('\0')}`, () => compileIr(unit, args, options));
  const functionIr = async (name: string, args: readonly string[]): Promise<string | undefined> => {
    const unit = unitOf(name);
    const ir = unit === undefined ? undefined : await irOf(unit, args);
    sources.ir = ir === undefined ? 'clang wrote no IR' : 'used';
    return ir === undefined ? undefined : irOfFunction(ir, name);
  };
  return {
    sources,
    compile: (configuration) =>
      remembered(compiled, configurationKey(configuration), () =>
        compileFacts(configuration, options, sources),
      ),
    ir: async (name, stage, configuration) => {
      const args = stage === 'before' ? rawIr : optimisedIr(configuration, options);
      if (args === undefined)
        return refused('this configuration edits the IR itself, or is for gcc: ask for its assembly');
      const text = await functionIr(name, args);
      return text === undefined
        ? refused(`${name} is not defined ${stage} optimization: it may be inlined everywhere`)
        : { ok: true, text };
    },
    assembly: async (name, configuration) => {
      const unit = unitOf(name);
      if (unit === undefined) return refused(`${name} is not a hot function`);
      const outcome = await workspace.compile(unit.command, configuration);
      if (outcome.kind !== 'compiled') return refused('the configuration does not compile');
      const code = await disassemble(outcome.object.path, new Set([name]), clang, signal);
      const instructions = code.kind === 'read' ? code.functions.get(name) : undefined;
      if (code.kind !== 'read') return refused(code.reason);
      if (instructions === undefined)
        return refused(`${name} has no code of its own: it is inlined everywhere`);
      const cost = await readStaticCost(code.functions, clang, {
        ...(cpu && { cpu }),
        ...(signal && { signal }),
      });
      sources['static cost'] = cost.kind === 'read' ? 'used' : cost.reason;
      return { ok: true, text: renderCode(instructions, cost.kind === 'read' ? cost.costs : [], sources) };
    },
    loops: async (name) => {
      const unit = unitOf(name);
      const ir = unit === undefined ? undefined : await irOf(unit, [...rawIr, '-gline-tables-only']);
      if (ir === undefined) return refused(`no IR of ${name}`);
      const loops = listLoops(ir, readSourceFile, name);
      const lines = loops.map(
        ({ key, file, startLine, endLine }) => `${key}  ${path.basename(file)}:${startLine}-${endLine}`,
      );
      return {
        ok: true,
        text: lines.length === 0 ? `${name} has no loops that can be named` : lines.join('\n'),
      };
    },
    features: async (name): Promise<IrFeatures | undefined> => {
      const text = await functionIr(name, rawIr);
      return text === undefined ? undefined : irFeatures(text);
    },
    pipeline: () => printPipeline(clang, signal),
  };
}

function optimisedIr(
  configuration: Configuration,
  { allow, target }: InspectorOptions,
): readonly string[] | undefined {
  const rendered = renderConfiguration(configuration, { allow }, target);
  if (!rendered.ok || rendered.plan.kind !== 'flags' || rendered.plan.gcc) return undefined;
  return ['-g0', ...rendered.plan.args];
}

async function compileIr(
  { command }: TunedUnit,
  args: readonly string[],
  { clang, workDir, signal }: InspectorOptions,
): Promise<string | undefined> {
  await mkdir(workDir, { recursive: true });
  const folder = await mkdtemp(path.join(workDir, 'ir-'));
  try {
    const output = path.join(folder, 'unit.ll');
    const compiler = command.language === 'c' ? clang.cc : clang.cxx;
    const extra = [...tunedBaseArgs, '-w', ...args, '-S', '-emit-llvm', '-fno-crash-diagnostics'];
    const argv = compileArgs(command, { compiler, output, extra });
    const result = await run(argv, {
      cwd: command.cwd,
      timeoutMs: compileTimeoutMs,
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    return result.code === 0 ? await readFile(output, 'latin1') : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compileFacts(
  configuration: Configuration,
  options: InspectorOptions,
  sources: Record<string, string>,
): Promise<CompiledFacts> {
  const { units, workspace, signal } = options;
  const outcomes = await workspace.compileAll(units.map(({ command }) => ({ command, configuration })));
  const objects: { unit: TunedUnit; object: CompiledObject }[] = [];
  for (const [index, unit] of units.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind === 'compiled') objects.push({ unit, object: outcome.object });
    else return notCompiled(outcome);
  }
  const facts = await mapPool(objects, os.availableParallelism(), ({ unit, object }) =>
    factsOf(unit, object, configuration, options, sources),
  );
  signal?.throwIfAborted();
  const isBaseline = objects.every(({ unit, object }) => object.hash === unit.baseline.hash);
  const hash = createHash('sha256')
    .update(objects.map(({ object }) => object.hash).join())
    .digest('hex');
  return {
    kind: 'compiled',
    isBaseline,
    hash,
    assembly: facts.flatMap(({ assembly }) => assembly),
    remarks: facts.flatMap(({ remarks }) => remarks),
    costs: facts.flatMap(({ costs }) => costs),
  };
}

function notCompiled(outcome: Exclude<CompileOutcome, { kind: 'compiled' }> | undefined): CompiledFacts {
  if (outcome?.kind !== 'refused') {
    return { kind: 'failed', reason: outcome?.stderr.slice(0, 500) ?? 'nothing was compiled' };
  }
  return {
    kind: 'refused',
    reason: outcome.problems.map(({ id, reason }) => `${id} ${reason}`).join('; '),
  };
}

async function factsOf(
  unit: TunedUnit,
  object: CompiledObject,
  configuration: Configuration,
  { clang, cpu, signal, gather }: InspectorOptions,
  sources: Record<string, string>,
): Promise<{ assembly: readonly AssemblyFacts[]; remarks: readonly Remark[]; costs: readonly StaticCost[] }> {
  const names = new Set(unit.evidence.hot.map(({ name }) => name));
  const isEmpty = Object.keys(configuration).length === 0;
  const evidence = isEmpty ? unit.evidence : await gather(unit, configuration);
  const read = await readObjectAssembly(object.path, names, clang, signal);
  const hottest = new Set(unit.evidence.hot.slice(0, functionsWithCost).map(({ name }) => name));
  const code = await disassemble(object.path, hottest, clang, signal);
  const cost =
    code.kind === 'read'
      ? await readStaticCost(code.functions, clang, { ...(cpu && { cpu }), ...(signal && { signal }) })
      : code;
  sources['static cost'] = cost.kind === 'read' ? 'used' : cost.reason;
  sources.remarks =
    evidence?.sources.remarks ?? 'not for gcc, nor for configurations that edit the IR itself';
  sources.assembly = read.kind === 'read' ? 'used' : read.reason;
  return {
    assembly: read.kind === 'read' ? read.facts : [],
    remarks: evidence?.remarks ?? [],
    costs: cost.kind === 'read' ? cost.costs : [],
  };
}

/** Loops first, as they are what runs; the rest as far as there is room. */
function renderCode(
  instructions: readonly Instruction[],
  costs: readonly StaticCost[],
  sources: Readonly<Record<string, string>>,
): string {
  const known = costs.flatMap(({ loops }) => loops);
  const loops = innermostLoops(instructions)
    .sort((a, b) => b.instructions.length - a.instructions.length)
    .slice(0, shownLoops);
  const blocks = loops.map((loop) => {
    const cost = known.find(({ start }) => start === loop.start);
    const title = `loop at +${loop.start.toString(16)}, ${loop.instructions.length} instructions`;
    const price =
      cost === undefined
        ? ''
        : `, ${cost.cyclesPerIteration.toFixed(1)} cycles and ${cost.uops.toFixed(0)} micro-operations per iteration by llvm-mca`;
    return [`${title}${price}`, ...listing(loop.instructions)].join('\n');
  });
  const missing = sources['static cost'] === 'used' ? '' : ` (static cost: ${sources['static cost']})`;
  const head = `${instructions.length} instructions, ${loops.length} innermost loops shown${missing}`;
  return [head, ...(blocks.length > 0 ? blocks : [listing(instructions).join('\n')])].join('\n\n');
}

function listing(instructions: readonly Instruction[]): string[] {
  const lines = instructions
    .slice(0, shownInstructions)
    .map(({ offset, text }) => `  +${offset.toString(16)}  ${text}`);
  const more = instructions.length - lines.length;
  return more > 0 ? [...lines, `  … ${more} more`] : lines;
}

async function printPipeline(clang: Clang, signal: AbortSignal | undefined): Promise<Inspection> {
  const { opt } = clang.tools;
  if (opt === undefined) return refused('this LLVM has no opt');
  const argv = [opt, '-passes=default<O3>', '-print-pipeline-passes', '-disable-output', '-'];
  const result = await run(argv, { input: '', timeoutMs: compileTimeoutMs, ...(signal && { signal }) });
  if (result.code !== 0) return refused('opt does not print its pipeline');
  // What two passes that run again and again are told each time is a third of the text.
  return { ok: true, text: result.stdout.trim().replace(/(simplifycfg|instcombine)<[^>]*>/g, '$1') };
}

function refused(reason: string): Inspection {
  return { ok: false, reason };
}

function remembered<T>(memory: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  memory.set(key, made);
  return made;
}

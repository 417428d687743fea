import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { compileArgs } from '../build/compile-args.js';
import type { AddonBinary } from '../build/find-binaries.js';
import { baseArgsOf, tunedBaseArgs } from '../build/plan-file.js';
import type { BuildRecord, CompileCommand } from '../build/types.js';
import { configurationKey } from '../levers/configuration-key.js';
import { countsArgs, isForGcc } from '../levers/gcc.js';
import { renderConfiguration } from '../levers/render.js';
import { compileOnce, compileStaged } from '../levers/staged.js';
import { thinLtoTools } from '../levers/thin-lto.js';
import { compileTwoStage } from '../levers/two-stage.js';
import type { Configuration, LeverPolicy, LeverProblem, RenderTarget } from '../levers/types.js';
import type { Variant } from '../measure/types.js';
import type { Clang, Gcc } from '../toolchain/types.js';
import type { FrontEnds } from './front-ends.js';
import { linkAddon } from './link.js';
import { mapPool } from './pool.js';

/** A compiled object; equal `hash` means byte-identical. */
export interface CompiledObject {
  readonly path: string;
  readonly hash: string;
}

export type CompileOutcome =
  | { readonly kind: 'compiled'; readonly object: CompiledObject }
  | { readonly kind: 'refused'; readonly problems: readonly LeverProblem[] }
  | { readonly kind: 'failed'; readonly stderr: string };

/** Which object stands in for which recorded output; an absent one stays as the stock build made it. */
export type Assembly = ReadonlyMap<string, CompiledObject>;

/** Of a compilation when it is not known how long the file takes at plain -O3. */
const firstTimeoutMs = 600_000;
/** What takes longer than this many times plain -O3, and some seconds, hangs or is of no use to anybody who builds the package. */
const timeoutFactor = 5;
const timeoutSlackMs = 10_000;

/**
 * Compiles single translation units and relinks the addon from the recorded build, all under one work folder;
 * nothing in the package's own build folder is touched.
 */
export class Workspace {
  private readonly objects = new Map<string, Promise<CompileOutcome>>();
  /** Output → how long plain -O3 took. */
  private readonly plainMs = new Map<string, number>();
  /** Output → how long another configuration took, the last one. */
  private readonly againMs = new Map<string, number>();
  /** Outputs of which kept IR gives another object: they are compiled as builds do. */
  private readonly afresh = new Set<string>();
  private readonly variants = new Map<string, Promise<Variant>>();
  private sequence = 0;

  constructor(
    private readonly options: {
      readonly folder: string;
      readonly record: BuildRecord;
      readonly binaries: readonly AddonBinary[];
      readonly clang: Clang;
      /** The project's own, where configurations may be for it. */
      readonly gcc?: Gcc | undefined;
      readonly target: RenderTarget;
      readonly leverPolicy: LeverPolicy;
      readonly signal: AbortSignal | undefined;
      /** Where many configurations of a file are compiled. */
      readonly frontEnds?: FrontEnds;
    },
  ) {}

  /** Compiles one translation unit under a configuration and for an ISA level; the same question is answered from memory. */
  compile(
    command: CompileCommand,
    configuration: Configuration,
    level: string | undefined = this.options.target.level,
  ): Promise<CompileOutcome> {
    const key = [command.output, level, configurationKey(configuration)].join('\0');
    let outcome = this.objects.get(key);
    if (outcome === undefined) {
      outcome = this.compileNow(command, configuration, level);
      this.objects.set(key, outcome);
    }
    return outcome;
  }

  /** Compiles many, on all cores. */
  compileAll(
    jobs: readonly {
      readonly command: CompileCommand;
      readonly configuration: Configuration;
      readonly level?: string;
    }[],
  ): Promise<CompileOutcome[]> {
    return mapPool(jobs, os.availableParallelism(), ({ command, configuration, level }) =>
      this.compile(command, configuration, level),
    );
  }

  /**
   * The object as builds make it. The one that trials had is made from IR that was kept, of which LLVM makes the same code; should it not, all further objects of
   * the file are made as builds do.
   */
  async asBuilt(command: CompileCommand, configuration: Configuration): Promise<CompileOutcome> {
    const tried = await this.compile(command, configuration);
    if (this.options.frontEnds === undefined || isForGcc(configuration) || this.afresh.has(command.output))
      return tried;
    const built = await this.compileNow(command, configuration, this.options.target.level, true);
    const isSame =
      tried.kind === 'compiled' && built.kind === 'compiled' && tried.object.hash === built.object.hash;
    if (isSame) return built;
    this.afresh.add(command.output);
    for (const key of this.objects.keys()) {
      if (key.startsWith(`${command.output}\0`)) this.objects.delete(key);
    }
    return built;
  }

  /** About how long these take to compile under one configuration, on all cores; 0 where none was compiled at plain -O3. */
  compileMs(commands: readonly CompileCommand[]): number {
    const each = commands.map(({ output }) => this.againMs.get(output) ?? this.plainMs.get(output) ?? 0);
    return each.reduce((sum, ms) => sum + ms, 0) / Math.min(each.length, os.availableParallelism());
  }

  /**
   * Links the addon with these objects in place of the recorded ones.
   * @param shuffleSeed links the objects in another order: a placebo.
   * @throws AutoPassError `RELINK_FAILED`
   */
  variant(id: string, assembly: Assembly, shuffleSeed?: number): Promise<Variant> {
    const parts = [...assembly].map(([output, object]) => `${output}=${object.hash}`).sort();
    const key = sha256([...parts, `order ${shuffleSeed ?? 'recorded'}`].join('\n')).slice(0, 16);
    let variant = this.variants.get(key);
    if (variant === undefined) {
      variant = this.linkNow(key, assembly, shuffleSeed);
      this.variants.set(key, variant);
    }
    return variant.then(({ binaries }) => ({ id, binaries }));
  }

  /** Whether LLVM's verifier accepts the IR after every pass; configurations that insert no passes are not asked. */
  async isSound(command: CompileCommand, configuration: Configuration): Promise<boolean> {
    const { clang, target, leverPolicy, folder, frontEnds, signal } = this.options;
    const rendered = renderConfiguration(configuration, leverPolicy, target);
    if (!rendered.ok || rendered.plan.kind !== 'two-stage' || rendered.plan.optArgs === undefined)
      return true;
    const { plan } = rendered;
    const output = path.join(folder, 'objects', `verifying-${this.sequence++}.o`);
    const compiler = command.language === 'c' ? clang.cc : clang.cxx;
    const { opt } = clang.tools;
    const result = await compileTwoStage({
      cwd: command.cwd,
      compiler,
      args: compileArgs(command, { compiler, output, extra: tunedBaseArgs }).slice(1),
      plan: { ...plan, optArgs: [...rendered.plan.optArgs, '-verify-each'] },
      ...(opt && { opt }),
      ...(frontEnds && { run: frontEnds.run }),
      ...(signal && { signal }),
    });
    await rm(output, { force: true });
    return result.ok;
  }

  private async compileNow(
    command: CompileCommand,
    configuration: Configuration,
    level: string | undefined,
    isAfresh = this.afresh.has(command.output),
  ): Promise<CompileOutcome> {
    const { clang, gcc, target, leverPolicy, folder, signal } = this.options;
    const rendered = renderConfiguration(configuration, leverPolicy, { ...target, ...(level && { level }) });
    if (!rendered.ok) return { kind: 'refused', problems: rendered.problems };
    const lto = thinLtoTools(clang);
    if (!lto.ok && rendered.plan.kind === 'two-stage' && rendered.plan.thinLto !== undefined) {
      return { kind: 'refused', problems: [{ id: 'lto-thin', reason: lto.reason }] };
    }
    const temporary = path.join(folder, 'objects', `compiling-${this.sequence++}.o`);
    await mkdir(path.dirname(temporary), { recursive: true });
    const { plan } = rendered;
    const isByGcc = plan.kind === 'flags' && plan.gcc === true;
    const chosen = isByGcc ? gcc : clang;
    if (chosen === undefined) return { kind: 'failed', stderr: 'there is no gcc' };
    const compiler = command.language === 'c' ? chosen.cc : chosen.cxx;
    const plainMs = this.plainMs.get(command.output);
    const timeoutMs = plainMs === undefined ? firstTimeoutMs : timeoutFactor * plainMs + timeoutSlackMs;
    const startedAt = performance.now();
    const frontEnds = isAfresh || isByGcc ? undefined : this.options.frontEnds;
    const extra = [...baseArgsOf(plan), ...(isByGcc ? countsArgs(command.object) : [])];
    const request = {
      compiler,
      args: compileArgs(command, { compiler, output: temporary, extra }).slice(1),
      ...{ cwd: command.cwd, timeoutMs },
      ...(frontEnds && { run: frontEnds.run }),
      ...(signal && { signal }),
    };
    if (plan.kind === 'flags') {
      const compile = frontEnds === undefined ? compileOnce : compileStaged;
      const failure = await compile({ ...request, flags: plan.args, gcc: isByGcc });
      if (failure !== undefined) return { kind: 'failed', stderr: failure };
    } else {
      const { opt, 'llvm-objcopy': objcopy } = clang.tools;
      const tools = { ...(opt && { opt }), ...(objcopy && { objcopy }) };
      const result = await compileTwoStage({ ...request, ...tools, plan });
      if (!result.ok) return { kind: 'failed', stderr: `${result.stage}: ${result.stderr}` };
    }
    const isPlain = Object.keys(configuration).length === 0;
    if (!isByGcc) (isPlain ? this.plainMs : this.againMs).set(command.output, performance.now() - startedAt);
    const bytes = await readFile(temporary).catch(() => undefined);
    if (bytes === undefined) return { kind: 'failed', stderr: 'the compiler wrote no object' };
    const hash = sha256(bytes);
    const object = path.join(folder, 'objects', `${hash.slice(0, 32)}.o`);
    await rename(temporary, object);
    return { kind: 'compiled', object: { path: object, hash } };
  }

  private async linkNow(key: string, assembly: Assembly, shuffleSeed: number | undefined): Promise<Variant> {
    const { record, binaries, folder, clang } = this.options;
    const lto = thinLtoTools(clang);
    const linked = await linkAddon(record, binaries, {
      replacements: new Map([...assembly].map(([output, object]) => [output, object.path])),
      into: path.join(folder, 'variants', key),
      keepSymbols: true,
      ...(shuffleSeed !== undefined && { shuffleSeed }),
      ...(lto.ok && { thinLto: { tools: [lto.tools], cache: path.join(folder, 'thin-lto') } }),
    });
    return { id: key, binaries: linked };
  }
}

/** The hash that an object in this file has; undefined where there is none. */
export async function hashOfObject(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && sha256(bytes);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

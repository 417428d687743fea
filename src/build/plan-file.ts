import { createHash } from 'node:crypto';
import type { ThinLtoTools } from '../levers/thin-lto.js';
import type { CompilePlan } from '../levers/types.js';
import type { LockEntry } from '../lock/types.js';
import type { Clang, Compiler } from '../toolchain/types.js';
import { hostTriples } from './compilers.js';

/**
 * What every compile by tuned clang appends to the project's own arguments, before the levers. The warnings are silenced
 * because flags written for gcc must not fail under clang. With `-flto` one compiler's object means nothing to the other's linker
 * plugin: a tuned unit is machine code, and the rest of the project is still optimised at the link.
 */
export const tunedBaseArgs: readonly string[] = [
  '-O3',
  '-fno-lto',
  '-Qunused-arguments',
  '-Wno-error',
  '-Wno-unknown-warning-option',
  '-Wno-ignored-optimization-argument',
];

/** The same for a configuration of gcc, where the project's own level of optimisation stays unless a lever says otherwise. */
const gccBaseArgs: readonly string[] = ['-fno-lto', '-Wno-error'];

/** What is appended before the arguments of a plan. */
export function baseArgsOf(plan: CompilePlan): readonly string[] {
  return plan.kind === 'flags' && plan.gcc ? gccBaseArgs : tunedBaseArgs;
}

/** What the two-stage sub-command needs; it stands behind the lines that the launcher reads. */
export interface TwoStagePlanData {
  readonly clang: Clang;
  readonly plan: Extract<CompilePlan, { kind: 'two-stage' }>;
  /** The triple of a cross build. */
  readonly target?: string;
}

/** What an entry was tuned for. */
export type TunedSource = Pick<LockEntry, 'file' | 'includes' | 'source'>;

/** The path, inside the plans folder, at which the launcher looks; undefined where it never looks. */
export function planPath(entry: { file: string; object?: string }): string | undefined {
  if (entry.object === undefined) return `${entry.file}/plan`;
  const outside = entry.object.startsWith('/') || entry.object.split('/').includes('..');
  return outside ? undefined : `${entry.file}/${entry.object}.plan`;
}

/**
 * The plan as the launcher reads it: one `key value` per line, one `+argument` per line, then `end`. It is data for
 * a `read` loop, never shell code. Undefined when an argument holds a line break, which this format cannot carry.
 * @param target the triple of a cross build: the plan then holds for calls with exactly this `--target=`, and else for calls without any
 * @param tuned what the source must be when it is compiled, where the build makes it
 */
export function formatPlan(
  plan: CompilePlan,
  compiler: Compiler,
  { target, tuned }: { readonly target?: string | undefined; readonly tuned?: TunedSource | undefined } = {},
): string | undefined {
  const lines = ['autopass-plan 1', `kind ${plan.kind}`, `cc ${compiler.cc}`, `cxx ${compiler.cxx}`];
  lines.push(...hostTriples(compiler.triple).map((triple) => `triple ${triple}`));
  if (target !== undefined) lines.push(`target ${target}`);
  if (plan.kind === 'two-stage' || tuned !== undefined) lines.push(`node ${process.execPath}`);
  if (tuned !== undefined) lines.push(`tuned ${JSON.stringify(tuned)}`);
  if (plan.kind === 'flags') {
    lines.push(...[...baseArgsOf(plan), ...plan.args].map((arg) => `+${arg}`), 'end');
  } else {
    if (compiler.vendor === 'gnu') throw new Error('gcc does not compile in two stages');
    const data: TwoStagePlanData = { clang: compiler, plan, ...(target !== undefined && { target }) };
    lines.push('end', JSON.stringify(data));
  }
  return lines.some((line) => /[\n\r\0]/.test(line)) ? undefined : `${lines.join('\n')}\n`;
}

/** Reads back what {@link formatPlan} wrote of the source. */
export function parseTunedSource(text: string): TunedSource | undefined {
  const json = /^tuned (.*)$/m.exec(text)?.[1];
  // Only the sync step writes these files, from a lock that was read.
  return json === undefined ? undefined : (JSON.parse(json) as TunedSource);
}

/** Reads back what {@link formatPlan} wrote for the two-stage sub-command. */
export function parseTwoStagePlan(text: string): TwoStagePlanData | undefined {
  const json = text.split('\nend\n')[1];
  if (!text.startsWith('autopass-plan 1\nkind two-stage\n') || json === undefined) return undefined;
  try {
    // Only the sync step writes these files, from a checked configuration.
    return JSON.parse(json) as TwoStagePlanData;
  } catch {
    return undefined;
  }
}

/** The path, inside the plans folder, of the plan for links: it is there when units that builds apply need ThinLTO. */
export const linkPlanPath = 'link.plan';

/** The plan for links as the launcher reads it, with the tools of every LLVM that is needed. */
export function formatLinkPlan(tools: readonly ThinLtoTools[]): string {
  const lines = ['autopass-plan 1', 'kind thin-lto', `node ${process.execPath}`, 'end'];
  return `${[...lines, JSON.stringify(tools)].join('\n')}\n`;
}

/** Reads back what {@link formatLinkPlan} wrote. */
export function parseLinkPlan(text: string): readonly ThinLtoTools[] | undefined {
  const json = text.split('\nend\n')[1];
  if (!text.startsWith('autopass-plan 1\nkind thin-lto\n') || json === undefined) return undefined;
  try {
    // Only the sync step writes this file.
    return JSON.parse(json) as ThinLtoTools[];
  } catch {
    return undefined;
  }
}

/** Changes whenever the object would change: the plan and the very compiler, but not where Node or the package is. */
export function planDigest(
  plan: CompilePlan,
  compiler: Compiler,
  packageRoot: string,
  target?: string,
): string {
  const portable = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? value.replaceAll(`${packageRoot}/`, '') : value;
  return createHash('sha256')
    .update(
      JSON.stringify(
        [compiler.identity, baseArgsOf(plan), plan, ...(target === undefined ? [] : [target])],
        portable,
      ),
    )
    .digest('hex');
}

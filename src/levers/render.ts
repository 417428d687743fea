import { join } from 'node:path';
import { catalogue } from './catalogue.js';
import { checkConfiguration } from './check.js';
import { isForGcc } from './gcc.js';
import { isaArgs } from './isa-level.js';
import { insertedPass } from './pass-text.js';
import { portableNames, profileFile, profileLeverOf } from './profiles.js';
import type {
  CompilePlan,
  Configuration,
  IrHint,
  Lever,
  LeverPolicy,
  LeverValue,
  RenderResult,
  RenderTarget,
  Scalar,
} from './types.js';

/**
 * Turns a configuration into a compile plan; refuses whatever `checkConfiguration` refuses. The caller puts `-O3` before
 * the arguments of a plan for clang. Two stages are planned only for passes inserted into the pipeline, string attributes, loop hints and
 * ThinLTO.
 */
export function renderConfiguration(
  configuration: Configuration,
  policy: LeverPolicy,
  target: RenderTarget,
): RenderResult {
  const check = checkConfiguration(configuration, policy, target);
  if (!check.ok) return check;
  const located = withProfileFile(check.configuration, target.profiles);
  if (located === undefined) {
    const id = profileLeverOf(check.configuration) ?? '';
    return { ok: false, problems: [{ id, reason: 'there is no folder with profiles here' }] };
  }
  const used = [...catalogue.values()].flatMap((lever) => {
    const value = located[lever.id];
    return value === undefined ? [] : [{ lever, value }];
  });
  const rules = ruleArgs(check.configuration, target.level);
  const driver = [...used.filter(isDriver).flatMap(scalarArgs), ...rules.driver];
  if (isForGcc(check.configuration)) return { ok: true, plan: { kind: 'flags', args: driver, gcc: true } };
  const llvm = withoutRepeats([...used.filter(isLlvm).flatMap(llvmOptions), ...rules.llvm]);
  const llvmArgs = llvm.flatMap((option) => ['-mllvm', option]);
  const hints = used.flatMap(hintsOf);
  const passes = used.flatMap(extensionPoint);
  const thinLto = 'lto-thin' in check.configuration ? { thinLto: { major: target.major } } : {};
  return { ok: true, plan: plan(used, driver, llvm, llvmArgs, hints, passes, thinLto) };
}

/** The configuration with the profile's file in place of its name; `undefined` when nobody knows where profiles are. */
function withProfileFile(
  configuration: Configuration,
  folder: string | undefined,
): Configuration | undefined {
  const lever = profileLeverOf(configuration);
  if (lever === undefined) return configuration;
  const file = profileFile(lever, String(configuration[lever]));
  return folder === undefined ? undefined : { ...configuration, [lever]: join(folder, file) };
}

interface Used {
  readonly lever: Lever;
  readonly value: LeverValue;
}

function plan(
  used: readonly Used[],
  driver: readonly string[],
  llvm: readonly string[],
  llvmArgs: readonly string[],
  hints: readonly IrHint[],
  passes: readonly string[],
  thinLto: { readonly thinLto?: { readonly major: number } },
): CompilePlan {
  const backArgs = [...driver, ...llvmArgs];
  const isFlags = hints.length === 0 && passes.length === 0 && thinLto.thinLto === undefined;
  if (isFlags) return { kind: 'flags', args: backArgs };
  const stages = { kind: 'two-stage', frontArgs: driver, backArgs, hints, ...thinLto } as const;
  if (passes.length === 0) return stages;
  // One clang process hands its LLVM options to optimiser and code generator alike; so do the two stages.
  const flags = used.flatMap(({ lever, value }) => filled(lever.opt ?? [], value));
  return { ...stages, optArgs: [...flags, ...llvm, ...passes] };
}

function isDriver({ lever }: Used): boolean {
  return lever.kind === 'clang-flag' || lever.kind === 'gcc-flag' || lever.kind === 'cpu-feature';
}

function isLlvm({ lever }: Used): boolean {
  return lever.kind === 'mllvm' || (lever.kind === 'function-attribute' && lever.args.length > 0);
}

function scalarArgs({ lever, value }: Used): string[] {
  return filled(lever.args, value);
}

function filled(templates: readonly string[], value: LeverValue): string[] {
  return templates.map((template) => template.replace('{v}', () => String(value)));
}

/** Options without their `-mllvm`. */
function llvmOptions({ lever, value }: Used): string[] {
  const templates = lever.args.filter((arg) => arg !== '-mllvm');
  const fill = (name: string, item: Scalar) =>
    templates.map((template) => template.replace('{f}', () => name).replace('{v}', String(item)));
  if (typeof value !== 'object') return fill('', value);
  if (Array.isArray(value)) return (value as readonly string[]).flatMap((name) => fill(name, ''));
  return Object.entries(value).flatMap(([name, item]) => fill(name, item as Scalar));
}

/** What the catalogue couples with a lever. */
function ruleArgs(
  configuration: Configuration,
  level: string | undefined,
): { driver: readonly string[]; llvm: readonly string[] } {
  const llvm: string[] = [];
  // An explicit inline threshold drops the implicit one of cold functions.
  if ('inline-threshold' in configuration && !('inlinecold-threshold' in configuration)) {
    llvm.push('-inlinecold-threshold=45');
  }
  const profile = profileLeverOf(configuration);
  if (profile === 'pgo-sample') llvm.push('-sample-profile-use-profi');
  else if (profile !== undefined) llvm.push(portableNames);
  // Measured: a forced vector width lets the vectoriser reorder strict floating-point sums.
  if (Object.keys(configuration).some(forcesVectors)) llvm.push('-hints-allow-reordering=false');
  const chosen = Object.keys(configuration).some(
    (id) => id.startsWith('ffp-contract') || id.startsWith('fp:'),
  );
  return { driver: isaArgs(level, chosen), llvm };
}

function forcesVectors(id: string): boolean {
  return id === 'force-vector-width' || id.startsWith('md:llvm.loop.vectorize.');
}

function hintsOf({ lever, value }: Used): IrHint[] {
  if (typeof value !== 'object' || Array.isArray(value)) return [];
  const items = Object.entries(value as Readonly<Record<string, Scalar>>);
  if (lever.kind === 'loop-metadata') {
    const metadata = lever.id.slice('md:'.length);
    const bare = lever.values.length === 1;
    return items.map(([loop, item]) => ({ kind: 'loop', loop, metadata, ...(bare ? {} : { value: item }) }));
  }
  if (lever.kind !== 'function-attribute') return [];
  const attribute = lever.id.slice('attr:'.length);
  return items.map(([name, item]) => ({ kind: 'attribute', function: name, attribute, value: String(item) }));
}

function extensionPoint({ lever, value }: Used): string[] {
  if (lever.shape !== 'passes' || !Array.isArray(value)) return [];
  const texts = (value as readonly string[]).map((id) => {
    const pass = catalogue.get(id);
    return pass === undefined ? undefined : insertedPass(lever, pass);
  });
  return [`${lever.pass?.text ?? ''}${texts.filter((text) => text !== undefined).join(',')}`];
}

function withoutRepeats(options: readonly string[]): string[] {
  return [...new Set(options)];
}

import { type IrModule, metadataText, readIr } from './ir-text.js';
import { loopsOf, type ReadSource, type SourceLoop } from './loops.js';
import type { IrHint } from './types.js';

export interface SkippedHint {
  readonly hint: IrHint;
  readonly reason: string;
}

export interface HintedIr {
  readonly ir: string;
  readonly skipped: readonly SkippedHint[];
}

/**
 * Writes hints into unoptimised textual IR. A hint whose function or loop is not there, or whose loop reads otherwise than
 * when it was tuned, is skipped. Loops are found by line tables, so the IR must have been written with them.
 */
export function applyHints(
  ir: string,
  hints: readonly IrHint[],
  readSource: ReadSource = () => undefined,
): HintedIr {
  const module = readIr(ir);
  const loops = hints.some((hint) => hint.kind === 'loop') ? loopsOf(module, readSource) : [];
  const skipped: SkippedHint[] = [];
  const added: string[] = [];
  const groups = new Map<string, string[]>();
  for (const hint of hints) {
    const reason =
      hint.kind === 'loop'
        ? addLoopMetadata(module, hint, loops, added)
        : collectAttribute(module, hint, groups);
    if (reason !== undefined) skipped.push({ hint, reason });
  }
  const attributes = [...groups].map(([name, texts], index) =>
    addAttributeGroup(module, name, texts, module.nextAttributes + index),
  );
  return { ir: [...module.lines, ...attributes, ...added, ''].join('\n'), skipped };
}

/**
 * Makes LLVM ignore the debug information of a module, so that line tables which were asked for only to find loops leave
 * no trace in the object.
 */
export function disableDebugInfo(ir: string): string {
  return ir.replace(/^(!\d+ = !\{i32 \d+, !"Debug Info Version", i32) \d+\}$/m, '$1 0}');
}

type LoopHint = Extract<IrHint, { kind: 'loop' }>;
type AttributeHint = Extract<IrHint, { kind: 'attribute' }>;

function addLoopMetadata(
  module: IrModule,
  hint: LoopHint,
  loops: readonly SourceLoop[],
  added: string[],
): string | undefined {
  const loop = loops.find(({ key }) => key === hint.loop);
  if (loop === undefined) return missingLoop(hint.loop, loops);
  const line = module.metadata.get(loop.metadata);
  const node = line === undefined ? undefined : module.lines[line];
  if (line === undefined || node === undefined) return 'its metadata is missing';
  if (propertyNames(module, node).includes(hint.metadata)) return `the source itself sets ${hint.metadata}`;
  const number = module.nextMetadata + added.length;
  const value =
    hint.value === undefined ? '' : `, ${typeof hint.value === 'boolean' ? 'i1' : 'i32'} ${hint.value}`;
  added.push(`!${number} = !{!"${hint.metadata}"${value}}`);
  module.lines[line] = node.replace(/\}$/, `, !${number}}`);
  return undefined;
}

function missingLoop(key: string, loops: readonly SourceLoop[]): string {
  const [name, path] = key.split('|');
  const here = loops.filter((loop) => loop.function === name);
  if (here.length === 0) return `function ${name} has no such loop here`;
  return here.some((loop) => loop.path === path)
    ? `loop ${path} of ${name} has changed since it was tuned`
    : `function ${name} has no loop ${path} any more`;
}

function propertyNames(module: IrModule, node: string): string[] {
  return [...node.matchAll(/!(\d+)/g)].flatMap(
    ([, number]) => /^!\{!"([^"]+)"/.exec(metadataText(module, Number(number)) ?? '')?.[1] ?? [],
  );
}

function collectAttribute(
  module: IrModule,
  hint: AttributeHint,
  groups: Map<string, string[]>,
): string | undefined {
  if (!module.functions.some((one) => one.name === hint.function)) {
    return `function ${hint.function} is not defined here`;
  }
  const text = hint.value === undefined ? hint.attribute : `"${hint.attribute}"="${hint.value}"`;
  groups.set(hint.function, [...(groups.get(hint.function) ?? []), text]);
  return undefined;
}

/** Later groups of a function override earlier ones, so the new group stands last. */
function addAttributeGroup(module: IrModule, name: string, texts: readonly string[], group: number): string {
  const line = module.functions.find((one) => one.name === name)?.line ?? -1;
  const define = module.lines[line];
  if (define !== undefined) {
    module.lines[line] = / #\d+ /.test(define)
      ? define.replace(/ #\d+ /, (found) => `${found}#${group} `)
      : define;
  }
  return `attributes #${group} = { ${texts.join(' ')} }`;
}

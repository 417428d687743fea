import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { type IrFunction, type IrModule, metadataText, readIr, reference } from './ir-text.js';
import { normaliseSource } from './source-text.js';

/** A loop of the source. Lines and columns start at 1; columns count bytes. */
export interface SourceLoop {
  /** Key for levers `md:…`: `<mangled function>|<nest path>|<hash>`. */
  readonly key: string;
  /** Mangled. */
  readonly function: string;
  /** Position among its siblings at every depth: `0.1` is the second loop inside the first. */
  readonly path: string;
  /** First 8 hex digits of the SHA-256 over the loop's text without comments and white space. */
  readonly hash: string;
  readonly file: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Number of its `!llvm.loop` node in the module it was read from. */
  readonly metadata: number;
}

/** Reads a source file by absolute path, as Latin-1 so that columns are bytes; `undefined` when it cannot. */
export type ReadSource = (path: string) => string | undefined;

interface Place {
  readonly line: number;
  readonly column: number;
  readonly file: string;
}

interface Range {
  readonly metadata: number;
  readonly start: Place;
  readonly end: Place;
  /** Position in the text of the module: the back edge of an inner loop comes before the one of its outer loop. */
  readonly order: number;
}

/**
 * Loops of unoptimised IR that clang wrote with line tables, of one function or of all. Without line tables, and where a
 * source file cannot be read, there are none.
 */
export function listLoops(ir: string, readSource: ReadSource, functionName?: string): readonly SourceLoop[] {
  return loopsOf(readIr(ir), readSource, functionName);
}

/** As `listLoops`, for a module that is already read. */
export function loopsOf(
  module: IrModule,
  readSource: ReadSource,
  functionName?: string,
): readonly SourceLoop[] {
  const texts = new Map<string, readonly string[] | undefined>();
  const linesOf = (file: string): readonly string[] | undefined => {
    if (!texts.has(file)) texts.set(file, readSource(file)?.split('\n'));
    return texts.get(file);
  };
  return module.functions
    .filter((one) => functionName === undefined || one.name === functionName)
    .flatMap((one) => loopsOfFunction(module, one, linesOf));
}

function loopsOfFunction(
  module: IrModule,
  one: IrFunction,
  linesOf: (file: string) => readonly string[] | undefined,
): SourceLoop[] {
  const ranges = one.loops.flatMap((metadata, order) => rangeOf(module, metadata, order) ?? []);
  return nest(ranges).flatMap(({ range, path }) => {
    const lines = linesOf(range.start.file);
    if (lines === undefined) return [];
    const hash = createHash('sha256')
      .update(normaliseSource(sliceText(lines, range)))
      .digest('hex')
      .slice(0, 8);
    const { start, end, metadata } = range;
    return {
      key: `${one.name}|${path}|${hash}`,
      function: one.name,
      path,
      hash,
      file: start.file,
      startLine: start.line,
      endLine: end.line,
      metadata,
    };
  });
}

function rangeOf(module: IrModule, metadata: number, order: number): Range | undefined {
  const text = metadataText(module, metadata);
  if (text === undefined) return undefined;
  const places = [...text.matchAll(/!(\d+)/g)].flatMap(([, number]) => placeOf(module, Number(number)) ?? []);
  const [start, end] = places;
  if (start === undefined || end === undefined || start.file !== end.file) return undefined;
  return { metadata, start, end, order };
}

function placeOf(module: IrModule, metadata: number): Place | undefined {
  const text = metadataText(module, metadata);
  const match =
    text === undefined ? null : /^(?:distinct )?!DILocation\(line: (\d+)(?:, column: (\d+))?/.exec(text);
  if (text === undefined || match === null) return undefined;
  const file = fileOf(module, reference(text, 'scope'));
  return file === undefined ? undefined : { line: Number(match[1]), column: Number(match[2] ?? 1), file };
}

/** The file of a scope; every scope that clang prints names its file itself. */
function fileOf(module: IrModule, scope: number | undefined): string | undefined {
  const text = scope === undefined ? undefined : metadataText(module, scope);
  const number = text === undefined ? undefined : reference(text, 'file');
  const file = number === undefined ? undefined : metadataText(module, number);
  const match = file === undefined ? null : /filename: "([^"]*)", directory: "([^"]*)"/.exec(file);
  if (match === null) return undefined;
  return resolve(unescapeIr(match[2] ?? ''), unescapeIr(match[1] ?? ''));
}

function unescapeIr(text: string): string {
  const bytes = text.replace(/\\([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function nest(ranges: readonly Range[]): { range: Range; path: string }[] {
  const sorted = [...ranges].sort(
    (a, b) =>
      (a.start.file < b.start.file ? -1 : a.start.file > b.start.file ? 1 : 0) ||
      comparePlaces(a.start, b.start) ||
      comparePlaces(b.end, a.end) ||
      b.order - a.order,
  );
  const open: { range: Range | undefined; path: string; children: number }[] = [
    { range: undefined, path: '', children: 0 },
  ];
  return sorted.map((range) => {
    while (open.length > 1 && !contains(open.at(-1)?.range, range)) open.pop();
    const parent = open.at(-1);
    const index = parent?.children ?? 0;
    if (parent !== undefined) parent.children += 1;
    const path = parent === undefined || parent.path === '' ? `${index}` : `${parent.path}.${index}`;
    open.push({ range, path, children: 0 });
    return { range, path };
  });
}

function contains(outer: Range | undefined, inner: Range): boolean {
  return (
    outer !== undefined &&
    outer.start.file === inner.start.file &&
    comparePlaces(outer.start, inner.start) <= 0 &&
    comparePlaces(inner.end, outer.end) <= 0
  );
}

function comparePlaces(a: Place, b: Place): number {
  return a.line - b.line || a.column - b.column;
}

function sliceText(lines: readonly string[], { start, end }: Range): string {
  const part = lines.slice(start.line - 1, end.line);
  const last = part.length - 1;
  return part
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column : undefined),
    )
    .join('\n');
}

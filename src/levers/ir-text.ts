/** What is needed of a textual LLVM module: where its functions, metadata nodes and attribute groups stand. */
export interface IrModule {
  readonly lines: string[];
  readonly functions: readonly IrFunction[];
  /** Line index of `!N = …`, by N. */
  readonly metadata: ReadonlyMap<number, number>;
  readonly nextMetadata: number;
  readonly nextAttributes: number;
}

export interface IrFunction {
  readonly name: string;
  /** Line index of `define`. */
  readonly line: number;
  /** Metadata numbers of `!llvm.loop` on back edges, in the order of the text. */
  readonly loops: readonly number[];
}

/** Reads a module as clang prints it. Only lines at the margin and loop back edges are looked at. */
export function readIr(ir: string): IrModule {
  const lines = ir.split('\n');
  const functions: { name: string; line: number; loops: number[] }[] = [];
  const metadata = new Map<number, number>();
  let nextMetadata = 0;
  let nextAttributes = 0;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('!')) {
      const number = /^!(\d+) = /.exec(line)?.[1];
      if (number === undefined) continue;
      metadata.set(Number(number), index);
      nextMetadata = Math.max(nextMetadata, Number(number) + 1);
    } else if (line.startsWith('define ')) {
      functions.push({ name: functionName(line) ?? '', line: index, loops: [] });
    } else if (line.startsWith('attributes #')) {
      nextAttributes = Math.max(nextAttributes, Number.parseInt(line.slice('attributes #'.length), 10) + 1);
    } else if (line.includes('!llvm.loop !')) {
      const number = /!llvm\.loop !(\d+)/.exec(line)?.[1];
      if (number !== undefined) functions.at(-1)?.loops.push(Number(number));
    }
  }
  return { lines, functions, metadata, nextMetadata, nextAttributes };
}

function functionName(define: string): string | undefined {
  const match = /@(?:([\w$.-]+)|"([^"]*)")\(/.exec(define);
  return match?.[1] ?? match?.[2];
}

/** The text of a metadata node without its number. */
export function metadataText(module: IrModule, number: number): string | undefined {
  const line = module.metadata.get(number);
  return line === undefined ? undefined : module.lines[line]?.replace(/^!\d+ = /, '');
}

/** A field `name: !N` of a metadata node. */
export function reference(text: string, field: string): number | undefined {
  const number = new RegExp(`\\b${field}: !(\\d+)`).exec(text)?.[1];
  return number === undefined ? undefined : Number(number);
}

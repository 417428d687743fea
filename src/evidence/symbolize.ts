import { execa } from 'execa';

/** A place in a function's source, as LLVM's sample profiles name it. */
export interface SourcePlace {
  /** Linkage name. */
  readonly function: string;
  /** Lines behind the function's first. */
  readonly line: number;
  /** Tells blocks of one line apart. */
  readonly discriminator: number;
  /** Copies of the place that unrolling and vectorising made of one. */
  readonly copies: number;
}

interface Symbolized {
  readonly Address?: string;
  readonly Symbol?: readonly {
    readonly FunctionName?: string;
    readonly Line?: number;
    readonly StartLine?: number;
    readonly Discriminator?: number;
  }[];
}

/** For every address the places that it stands for, from the function to what was inlined into it; absent without line tables. */
export async function symbolize(
  symbolizer: string,
  file: string,
  addresses: readonly number[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, readonly SourcePlace[]>> {
  const places = new Map<number, readonly SourcePlace[]>();
  const run = execa(
    symbolizer,
    [`--obj=${file}`, '--output-style=JSON', '--functions=linkage', '--no-demangle'],
    {
      input: addresses.map((address) => `0x${address.toString(16)}\n`).join(''),
      buffer: false,
      stderr: 'ignore',
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    },
  );
  for await (const line of run.iterable()) {
    const read = parseSymbolized(line);
    if (read !== undefined) places.set(read.address, read.places);
  }
  await run;
  return places;
}

/** Reads one line of `llvm-symbolizer --output-style=JSON`; `undefined` where a place is not known. */
export function parseSymbolized(
  line: string,
): { readonly address: number; readonly places: readonly SourcePlace[] } | undefined {
  // The tool belongs to the clang in use, and its output is that of a program that was just compiled.
  const { Address, Symbol: frames = [] } = JSON.parse(line) as Symbolized;
  const places: SourcePlace[] = [];
  for (const { FunctionName, Line = 0, StartLine = 0, Discriminator = 0 } of frames.toReversed()) {
    if (!FunctionName || Line === 0 || StartLine === 0) return undefined;
    // LLVM keeps 16 bits of the difference.
    places.push({
      function: FunctionName,
      line: (Line - StartLine) & 0xffff,
      ...componentsOf(Discriminator),
    });
  }
  return Address === undefined || places.length === 0 ? undefined : { address: Number(Address), places };
}

/** The first two parts of a discriminator in LLVM's prefix encoding (DebugInfoMetadata.h). */
function componentsOf(encoded: number): { discriminator: number; copies: number } {
  const rest = (encoded & 1) === 0 ? encoded >>> (encoded & 0x40 ? 14 : 7) : encoded >>> 1;
  return { discriminator: componentOf(encoded), copies: componentOf(rest) || 1 };
}

function componentOf(encoded: number): number {
  if ((encoded & 1) === 1) return 0;
  const bits = encoded >>> 1;
  return bits & 0x20 ? ((bits >>> 1) & 0xfe0) | (bits & 0x1f) : bits & 0x1f;
}

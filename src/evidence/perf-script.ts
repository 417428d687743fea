/** A file mapped executable by the profiled process. */
export interface Mapping {
  readonly pid: number;
  readonly start: number;
  readonly size: number;
  readonly fileOffset: number;
  readonly path: string;
}

/** One sample: where the process was. */
export interface Sample {
  readonly pid: number;
  /** Nanoseconds of the monotonic clock. */
  readonly time?: number;
  readonly address: number;
  /** As perf names it, mangled; empty when it has no name. */
  readonly symbol: string;
  readonly path: string;
}

export type PerfEvent =
  | { readonly kind: 'mapping'; readonly mapping: Mapping }
  | { readonly kind: 'sample'; readonly sample: Sample };

/** The fields that `parsePerfLine` reads. */
export const perfScriptArgs: readonly string[] = [
  '--no-demangle',
  '--show-mmap-events',
  '--ns',
  '-F',
  'pid,time,ip,sym,dso',
];

const mappingLine =
  /PERF_RECORD_MMAP2?\s+(-?\d+)\/\d+: \[0x([0-9a-f]+)\(0x([0-9a-f]+)\) @ (0x[0-9a-f]+|\d+)[^\]]*\]: \S+ (.+)$/;
// Mangled names hold no blank, so the first parenthesis after one opens the path, which may hold both.
const sampleLine = /^\s*(\d+)\s+(?:(\d+)\.(\d{9}):\s+)?([0-9a-f]+) (.*?) \((.*)\)$/;

/** Reads one line of `perf script`; `undefined` for lines of other kinds. */
export function parsePerfLine(line: string): PerfEvent | undefined {
  const mapped = mappingLine.exec(line);
  if (mapped !== null) {
    const [, pid = '', start = '', size = '', fileOffset = '', path = ''] = mapped;
    return {
      kind: 'mapping',
      mapping: {
        pid: Number(pid),
        start: Number.parseInt(start, 16),
        size: Number.parseInt(size, 16),
        fileOffset: Number(fileOffset),
        path: path.replace(/ \(deleted\)$/, ''),
      },
    };
  }
  const sampled = sampleLine.exec(line);
  if (sampled === null) return undefined;
  const [, pid = '', seconds, nanoseconds, address = '', symbol = '', path = ''] = sampled;
  return {
    kind: 'sample',
    sample: {
      pid: Number(pid),
      ...(seconds !== undefined && { time: Number(seconds) * 1e9 + Number(nanoseconds) }),
      // Kernel addresses lose low bits as doubles; nothing looks them up.
      address: Number.parseInt(address, 16),
      symbol: symbol === '[unknown]' ? '' : symbol,
      path: path.replace(/ \(deleted\)$/, ''),
    },
  };
}

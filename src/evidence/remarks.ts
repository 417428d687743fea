import { createReadStream } from 'node:fs';
import { createRemarkParser, type RawRemark } from './remark-parser.js';
import type { Remark } from './types.js';

/**
 * The passes whose remarks policies use. gvn and asm-printer are left out: on one large TU they are 90 % of the
 * record, and say nothing that the disassembly does not.
 */
export const remarkPasses: readonly string[] = [
  'inline',
  'loop-vectorize',
  'slp-vectorizer',
  'loop-unroll',
  'loop-distribute',
  'loop-idiom',
  'loop-delete',
  'licm',
  'regalloc',
  'prologepilog',
  'shrink-wrap',
  'select-optimize',
  'tailcallelim',
  'TTI',
];

const distinctPerFunctionAndPass = 32;

/** Deduplicates and caps remarks: every function and pass keeps its most telling ones. */
export interface RemarkCollector {
  add(remark: RawRemark): void;
  remarks(): Remark[];
}

export function createRemarkCollector(): RemarkCollector {
  const groups = new Map<string, Map<string, { remark: RawRemark; count: number }>>();
  return {
    add(remark) {
      const groupKey = `${remark.function}\0${remark.pass}`;
      let group = groups.get(groupKey);
      if (group === undefined) {
        group = new Map();
        groups.set(groupKey, group);
      }
      const key = identity(remark);
      const known = group.get(key);
      if (known !== undefined) known.count++;
      // Four times the cap bounds memory, and still lets what comes late be ranked.
      else if (group.size < distinctPerFunctionAndPass * 4) group.set(key, { remark, count: 1 });
    },
    remarks() {
      return [...groups.values()].flatMap((group) =>
        [...group.values()]
          .sort((a, b) => weight(b.remark) - weight(a.remark) || b.count - a.count)
          .slice(0, distinctPerFunctionAndPass)
          .map(({ remark, count }) => ({ ...remark, count })),
      );
    },
  };
}

function identity(remark: RawRemark): string {
  const place =
    remark.location === undefined
      ? ''
      : `${remark.location.file}:${remark.location.line}:${remark.location.column}`;
  return [remark.kind, remark.name, place, remark.args.Callee ?? '', remark.args.Reason ?? ''].join('\0');
}

/** Background noise by count, as measured on real TUs; it must not push out what can be acted on. */
const quietNames = new Set([
  'NotPossible',
  'NoDefinition',
  'Hoisted',
  'LoadWithLoopInvariantAddressInvalidated',
  'MissedDetails',
]);

function weight(remark: RawRemark): number {
  if (quietNames.has(remark.name)) return 0;
  const cost = Math.abs(Number(remark.args.Cost ?? 0));
  const spills = spillCount(remark.args);
  return 1 + (Number.isFinite(cost) ? Math.min(cost, 1e5) / 1e5 : 0) + Math.min(spills, 1000) / 1000;
}

/** Spills and reloads of a regalloc remark; register copies alone are harmless and not counted. */
export function spillCount(args: Readonly<Record<string, string>>): number {
  return ['NumSpills', 'NumReloads', 'NumFoldedSpills', 'NumFoldedReloads'].reduce(
    (total, key) => total + (Number(args[key] ?? 0) || 0),
    0,
  );
}

/** Reads a record file in pieces; the callback sees every remark that `wanted` lets through. */
export async function readRemarkFile(
  path: string,
  wanted: (pass: string, name: string, functionName: string) => boolean,
  emit: (remark: RawRemark) => void,
  signal?: AbortSignal,
): Promise<{ readonly documents: number; readonly malformed: number }> {
  const parser = createRemarkParser({ wanted, emit });
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    signal?.throwIfAborted();
    parser.push(String(piece));
  }
  return parser.end();
}

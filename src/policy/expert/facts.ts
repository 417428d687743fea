import { basename } from 'node:path';
import { spillCount } from '../../evidence/remarks.js';
import type { AssemblyFacts, Evidence, HotLoop, Remark } from '../../evidence/types.js';
import { isInOrder } from '../../target/cpus.js';
import type { Match } from './rule.js';

/** A remark of a hot function and the function's share of the unit's time. */
export interface HotRemark {
  readonly remark: Remark;
  readonly share: number;
}

/** A hot function's code and its share of the unit's time. */
export interface HotCode {
  readonly code: AssemblyFacts;
  readonly share: number;
}

/** An innermost loop, the remarks on its lines, and its part of the unit's time if the loops of its function share that. */
export interface LoopFacts {
  readonly loop: HotLoop;
  readonly remarks: readonly Remark[];
  readonly share: number;
}

/** Questions that rules ask of the evidence of one unit. Shares are relative to the unit, 0 to 1. */
export interface Facts {
  readonly language: 'c' | 'c++';
  /** The processor to tune for, where known; a value of the mtune lever. */
  readonly cpu: string | undefined;
  /** Whether that processor issues instructions in program order. */
  readonly isInOrder: boolean;
  /** Optimisation level of the project's own command, where known. */
  readonly ownLevel: string | undefined;
  /** Remarks of the pass with one of the names, hottest function first. */
  remarks(pass: string, ...names: readonly string[]): readonly HotRemark[];
  /** Code of the hot functions, hottest first. */
  readonly code: readonly HotCode[];
  shareOf(functionName: string): number;
  /** Innermost loops of the hot functions with the remarks on their lines, hottest function first. */
  readonly loops: readonly LoopFacts[];
  /** Remarks of loops with real spills or reloads; register copies alone do not count. */
  readonly spillingLoops: readonly HotRemark[];
}

export function factsOf(evidence: Evidence, language: 'c' | 'c++', cpu: string | undefined): Facts {
  const total = evidence.hot.reduce((sum, entry) => sum + entry.share, 0);
  const shares = new Map(evidence.hot.map((entry) => [entry.name, total > 0 ? entry.share / total : 0]));
  const shareOf = (name: string): number => shares.get(name) ?? 0;
  const all = evidence.remarks
    .map((remark) => ({ remark, share: shareOf(remark.function) }))
    // Of equally hot remarks those with a place come first: they are the ones that get quoted.
    .sort((a, b) => b.share - a.share || Number(hasPlace(b.remark)) - Number(hasPlace(a.remark)));
  const remarks = (pass: string, ...names: readonly string[]): HotRemark[] =>
    all.filter(({ remark }) => remark.pass === pass && (names.length === 0 || names.includes(remark.name)));
  return {
    language,
    cpu,
    isInOrder: cpu !== undefined && isInOrder(cpu),
    ownLevel: evidence.ownLevel,
    remarks,
    code: evidence.assembly
      .map((code) => ({ code, share: shareOf(code.function) }))
      .sort((a, b) => b.share - a.share),
    shareOf,
    loops: loopFacts(evidence, shareOf),
    spillingLoops: remarks('regalloc', 'LoopSpillReloadCopies').filter(
      ({ remark }) => spillCount(remark.args) > 0,
    ),
  };
}

function loopFacts(evidence: Evidence, shareOf: (name: string) => number): LoopFacts[] {
  const innermost = (evidence.loops ?? []).filter((loop) => loop.innermost);
  return innermost
    .map((loop): LoopFacts => {
      const siblings = innermost.filter((other) => other.function === loop.function).length;
      return {
        loop,
        share: shareOf(loop.function) / Math.max(1, siblings),
        remarks: evidence.remarks.filter((remark) => isInside(remark, loop)),
      };
    })
    .sort((a, b) => b.share - a.share);
}

/** The remark names its file as the compiler was given it, the loop by its absolute path. */
function isInside({ function: name, location }: Remark, loop: HotLoop): boolean {
  if (location === undefined || name !== loop.function) return false;
  const isSameFile = basename(location.file) === basename(loop.file);
  return isSameFile && location.line >= loop.startLine && location.line <= loop.endLine;
}

function hasPlace(remark: Remark): boolean {
  return (remark.location?.line ?? 0) > 0;
}

/** A match on remarks: strength is the time of the functions they are in; the hottest is quoted. */
export function matchRemarks(found: readonly HotRemark[], facts: Facts, note = ''): Match | undefined {
  const first = found[0];
  if (first === undefined) return undefined;
  const functions = [...new Set(found.map(({ remark }) => remark.function))];
  const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
  return {
    strength: strengthOf(functions, facts),
    because: `${quote(first)}${more}${note === '' ? '' : `, ${note}`}`,
    functions,
  };
}

/** A match on machine code: strength is the time of the functions; the hottest is quoted with its number. */
export function matchCode(
  found: readonly HotCode[],
  facts: Facts,
  describe: (code: AssemblyFacts) => string,
): Match | undefined {
  const first = found[0];
  if (first === undefined) return undefined;
  const functions = found.map(({ code }) => code.function);
  return {
    strength: strengthOf(functions, facts),
    because: `${first.code.function} (${percent(first.share)} of the time) has ${describe(first.code)}`,
    functions,
  };
}

function strengthOf(functions: readonly string[], facts: Facts): number {
  return Math.min(
    1,
    functions.reduce((sum, name) => sum + facts.shareOf(name), 0),
  );
}

const numbersWorthQuoting = [
  'Callee',
  'Cost',
  'Threshold',
  'Treshold',
  'VectorizationFactor',
  'InterleaveCount',
  'UnrollCount',
  'NumSpills',
  'NumReloads',
  'NumStackBytes',
  'TreeSize',
];

/** Pass, name, function, place and numbers of one remark. */
export function quote({ remark, share }: HotRemark): string {
  const { location } = remark;
  const place =
    location === undefined || location.line === 0
      ? ''
      : ` at ${location.file.split('/').pop()}:${location.line}`;
  const numbers = numbersWorthQuoting
    .filter((key) => remark.args[key] !== undefined)
    .map((key) => `${key} ${remark.args[key]}`)
    .join(', ');
  const detail = numbers === '' ? '' : ` (${numbers})`;
  return `${remark.pass}:${remark.name}${detail} in ${remark.function}${place}, ${percent(share)} of the time`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A number among a remark's arguments; NaN when it is missing. */
export function numberOf(remark: Remark, key: string): number {
  return Number(remark.args[key] ?? Number.NaN);
}

import { basename } from 'node:path';
import type { Facts, LoopFacts } from './facts.js';
import { percent } from './facts.js';
import type { Match, Rule } from './rule.js';
import { unrollingLevers } from './rules-loops.js';

/** Part of the unit's time from which a loop is worth a trial of its own. */
const leastShare = 0.02;
/** Loops that one rule tries one by one. */
const loopsTried = 3;

/** For single loops of hot functions, where their own remarks point at them. */
export const singleLoopRules: readonly Rule[] = [
  {
    id: 'vectorize-this-loop',
    theme: 'vectorizing',
    scope: 'loop',
    prior: 2,
    when: (facts) =>
      matchLoops(facts, isRejected, 'may be vectorised, but an estimate of its cost speaks against it'),
    edits: (match) => perLoop(match, 'md:llvm.loop.vectorize.width', [8, 4, 16]),
    effect: 'it is measured whether the vector code is faster, and the rest of the unit stays as it is',
    stop: {},
  },
  {
    id: 'unroll-this-loop',
    theme: 'unrolling',
    scope: 'loop',
    prior: 1.5,
    when: (facts) => matchLoops(facts, isUntouched, 'is neither vectorised nor unrolled'),
    edits: (match) => perLoop(match, 'md:llvm.loop.unroll.count', [4, 2, 8]),
    effect: 'this loop does more per iteration and the rest of the unit keeps its size',
    stop: { spills: true },
  },
  {
    id: 'keep-this-loop-rolled',
    theme: 'unrolling',
    scope: 'loop',
    prior: 1.7,
    when: (facts) => matchLoops(facts, (one) => has(one, 'loop-unroll'), 'is unrolled'),
    edits: (match) => perLoop(match, 'md:llvm.loop.unroll.disable', [true]),
    effect: 'short trips of this loop skip the remainder loop',
    stop: {},
    against: unrollingLevers,
  },
  {
    id: 'this-loop-scalar',
    theme: 'vectorizing',
    scope: 'loop',
    prior: 1.3,
    when: (facts) => matchLoops(facts, isVectorized, 'is vectorised'),
    edits: (match) => [
      ...perLoop(match, 'md:llvm.loop.vectorize.width', [1]),
      ...perLoop(match, 'md:llvm.loop.interleave.count', [1, 4]),
    ],
    effect: 'trips shorter than the vector body cost nothing extra, or long ones have more in flight',
    stop: {},
  },
];

function has({ remarks }: LoopFacts, pass: string): boolean {
  return remarks.some((remark) => remark.pass === pass && remark.kind === 'Passed');
}

/** By the cost model, not for what the loop does. */
function isRejected(one: LoopFacts): boolean {
  return vectorizerSaid(one, 'VectorizationNotBeneficial');
}

export function isVectorized(one: LoopFacts): boolean {
  return vectorizerSaid(one, 'Vectorized');
}

function vectorizerSaid({ remarks }: LoopFacts, what: string): boolean {
  return remarks.some(({ pass, name }) => pass === 'loop-vectorize' && name === what);
}

function isUntouched(one: LoopFacts): boolean {
  return !isVectorized(one) && !has(one, 'loop-unroll');
}

/** A match whose functions are loop keys. */
function matchLoops(facts: Facts, isMeant: (one: LoopFacts) => boolean, note: string): Match | undefined {
  const found = facts.loops.filter((one) => one.share >= leastShare && isMeant(one)).slice(0, loopsTried);
  const [first] = found;
  if (first === undefined) return undefined;
  return {
    strength: Math.min(
      1,
      found.reduce((sum, { share }) => sum + share, 0),
    ),
    because: because(first, facts, note),
    functions: found.map(({ loop }) => loop.key),
    becauseOf: new Map(found.map((one) => [one.loop.key, because(one, facts, note)])),
  };
}

function because({ loop }: LoopFacts, facts: Facts, note: string): string {
  const place = `${basename(loop.file)}:${loop.startLine}`;
  const share = percent(facts.shareOf(loop.function));
  return `the innermost loop at ${place} in ${loop.function} (${share} of the time) ${note}`;
}

function perLoop(
  match: Match,
  lever: string,
  values: readonly (number | true)[],
): Record<string, Record<string, number | true>>[] {
  return values.flatMap((value) => (match.functions ?? []).map((key) => ({ [lever]: { [key]: value } })));
}

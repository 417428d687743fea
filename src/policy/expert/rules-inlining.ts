import { counted, type Facts, type HotRemark, matchCode, matchRemarks, numberOf, quote } from './facts.js';
import type { Match, Rule } from './rule.js';

/** A callee that missed its threshold by at most this factor is "just too big". */
const nearMiss = 2;
const far = 4;
const calleesTried = 6;

/** From inline remarks of hot callers, with the full cost. */
export const inliningRules: readonly Rule[] = [
  {
    id: 'inline-near-miss',
    theme: 'inlining',
    scope: 'unit',
    prior: 2,
    when: (facts) =>
      matchRemarks(
        nearMisses(facts),
        facts,
        `all within ${nearMiss} times the threshold, the costliest ${highestCost(facts)}`,
      ),
    edits: (_, facts) => {
      const threshold = [325, 400, 600, 1000].find((value) => value > highestCost(facts)) ?? 1000;
      const raised = { 'inline-threshold': threshold, 'inlinehint-threshold': threshold };
      return [
        { 'inline-threshold': 600, 'inlinehint-threshold': 600 },
        facts.language === 'c++' ? raised : { 'inline-threshold': threshold },
      ];
    },
    effect: 'the call goes away and constants flow into the callee',
    stop: { growth: 1.3, spills: true },
    opposite: [{ 'inline-threshold': 100, 'inlinehint-threshold': 150 }],
  },
  {
    id: 'inline-one-callee',
    theme: 'inlining',
    scope: 'function',
    prior: 2.2,
    when: (facts) => matchCallees(nearMisses(facts), facts, ''),
    edits: (match) => perFunction('attr:alwaysinline', match),
    effect: 'only the calls on the hot path go away; the rest of the unit keeps its size',
    stop: { growth: 1.3, spills: true },
  },
  {
    id: 'inline-hot-callees',
    theme: 'inlining',
    scope: 'unit',
    prior: 1.5,
    when: (facts) => matchRemarks(tooCostly(facts, 0, far), facts),
    edits: [
      { 'inline-threshold': 1000 },
      { 'hot-callsite-threshold': 6000, 'locally-hot-callsite-threshold': 2000 },
    ],
    effect: 'bigger callees are inlined as well',
    stop: { growth: 1.6, spills: true },
    opposite: [{ 'inline-threshold': 150, 'inlinehint-threshold': 150 }],
  },
  {
    id: 'inline-again',
    theme: 'inlining',
    scope: 'unit',
    prior: 2.5,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.indirectCalls > 0),
        facts,
        (code) => `${counted(code.indirectCalls, 'call')} through pointers`,
      ),
    // A sort with a function for comparing, whose address reached the call only after inlining: 1.16 times as fast.
    edits: [{ 'ep:passes-ep-optimizer-early': ['pass:inline-again'] }],
    effect: 'function pointers that inlining has made constant are called directly, and inlined',
    stop: {},
  },
  {
    id: 'specialize-big-callee',
    theme: 'inlining',
    scope: 'unit',
    prior: 0.5,
    when: (facts) =>
      matchRemarks(tooCostly(facts, far, Number.POSITIVE_INFINITY), facts, 'too big to inline'),
    edits: [
      { 'funcspec-for-literal-constant': true, 'funcspec-min-function-size': 100, 'funcspec-max-clones': 6 },
      { 'funcspec-min-latency-savings': 20, 'funcspec-min-codesize-savings': 10 },
    ],
    effect: 'copies of the callee are made for constant arguments',
    stop: { growth: 1.6 },
  },
  {
    id: 'over-inlined-caller',
    theme: 'inlining',
    scope: 'unit',
    prior: 1,
    when: (facts) => matchRemarks(crowdedCallers(facts), facts, 'and the same functions spill'),
    edits: [
      { 'inline-threshold': 100, 'inlinehint-threshold': 150 },
      { 'inline-threshold': 150, 'inlinehint-threshold': 150 },
      { 'inline-threshold': 50, 'inlinehint-threshold': 50 },
    ],
    effect: 'fewer values are alive at once, so loops spill less',
    stop: {},
    opposite: [{ 'inline-threshold': 600, 'inlinehint-threshold': 600 }],
  },
  {
    id: 'keep-callee-out',
    theme: 'inlining',
    scope: 'function',
    prior: 1.1,
    when: (facts) => {
      const big = crowdedCallers(facts)
        .filter(({ remark }) => numberOf(remark, 'Cost') > 60 || remark.count > 1)
        .sort((a, b) => b.share - a.share || numberOf(b.remark, 'Cost') - numberOf(a.remark, 'Cost'));
      return matchCallees(big, facts, 'the caller spills in its loops');
    },
    edits: (match) => perFunction('attr:noinline', match),
    effect: 'the caller keeps its registers for its own loop',
    stop: { spills: true },
  },
  {
    id: 'inline-deferral',
    theme: 'inlining',
    scope: 'unit',
    prior: 0.4,
    when: (facts) => matchRemarks(facts.remarks('inline', 'Inlined'), facts),
    edits: [
      { 'inline-threshold': 400 },
      { 'inline-threshold': 100 },
      { 'inline-enable-cost-benefit-analysis': true },
      { 'inline-call-penalty': 50 },
      { 'max-devirt-iterations': 8 },
    ],
    effect: 'another balance of calls and code size',
    stop: { growth: 1.5 },
  },
  {
    id: 'calls-out-of-file',
    theme: 'inlining',
    scope: 'unit',
    prior: 0.8,
    when: (facts) => matchRemarks(facts.remarks('inline', 'NoDefinition'), facts),
    edits: [{ 'fno-plt': true }],
    effect: 'calls of functions in other files, exported ones too, go without the stub of the PLT',
    stop: { growth: 1.2 },
  },
];

function tooCostly(facts: Facts, above: number, upTo: number): HotRemark[] {
  return facts.remarks('inline', 'TooCostly').filter(({ remark }) => {
    const ratio = numberOf(remark, 'Cost') / numberOf(remark, 'Threshold');
    // A threshold of 45 or less means that the call site or the callee is known to be cold.
    return ratio > above && ratio <= upTo && numberOf(remark, 'Threshold') > 45;
  });
}

function nearMisses(facts: Facts): HotRemark[] {
  return tooCostly(facts, 0, nearMiss);
}

function highestCost(facts: Facts): number {
  return Math.max(0, ...nearMisses(facts).map(({ remark }) => numberOf(remark, 'Cost')));
}

/** Inlined calls into functions that took in several callees and spill in a loop. */
function crowdedCallers(facts: Facts): HotRemark[] {
  const spilling = new Set(facts.spillingLoops.map(({ remark }) => remark.function));
  const inlined = facts.remarks('inline', 'Inlined').filter(({ remark }) => spilling.has(remark.function));
  const counts = new Map<string, number>();
  for (const { remark } of inlined)
    counts.set(remark.function, (counts.get(remark.function) ?? 0) + remark.count);
  return inlined.filter(({ remark }) => (counts.get(remark.function) ?? 0) >= 4);
}

/** Callees in order of mention, each with its own evidence. A function that clang itself cloned has no such name in the source. */
function matchCallees(found: readonly HotRemark[], facts: Facts, note: string): Match | undefined {
  const usable = found.filter(({ remark }) => /^[^.]+$/.test(remark.args.Callee ?? ''));
  const match = matchRemarks(usable, facts, note);
  if (match === undefined) return undefined;
  const becauseOf = new Map<string, string>();
  for (const entry of usable) {
    const callee = entry.remark.args.Callee ?? '';
    if (becauseOf.size < calleesTried && !becauseOf.has(callee)) {
      becauseOf.set(callee, note === '' ? quote(entry) : `${quote(entry)}, ${note}`);
    }
  }
  return { ...match, functions: [...becauseOf.keys()], becauseOf };
}

/** The first functions one by one, then together. */
function perFunction(
  attribute: 'attr:alwaysinline' | 'attr:noinline',
  match: Match,
): Record<string, string[]>[] {
  const names = match.functions ?? [];
  const single = names.slice(0, 4).map((name) => ({ [attribute]: [name] }));
  return names.length > 1 ? [...single, { [attribute]: [...names] }] : single;
}

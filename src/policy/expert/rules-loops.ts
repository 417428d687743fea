import { type Facts, type HotRemark, matchRemarks, numberOf } from './facts.js';
import type { Rule } from './rule.js';

/** Levers that unroll more than -O3 does. */
export const unrollingLevers: readonly string[] = [
  'unroll-runtime',
  'unroll-threshold',
  'partial-unrolling-threshold',
  'unroll-partial-threshold',
];

/** From loop-unroll and TTI remarks. */
export const unrollingRules: readonly Rule[] = [
  {
    id: 'unroll-long-loops',
    theme: 'unrolling',
    scope: 'unit',
    prior: 2.8,
    when: (facts) => matchRemarks(hotLoops(facts), facts, 'a loop that was not unrolled'),
    edits: [
      // The 64 rounds of SHA-256 need 2000 (1.25 times as fast), or 600 if they are unrolled in part (1.21). Of thirteen packages it made five faster, by 1 to
      // 15 %, and one slower, and changed nothing in four; unrolling at run time made three faster.
      { 'unroll-threshold': 2000 },
      { 'unroll-runtime': true, 'partial-unrolling-threshold': 256 },
      { 'unroll-partial-threshold': 600 },
      { 'unroll-runtime': true, 'partial-unrolling-threshold': 256, 'unroll-max-count': 4 },
      { 'unroll-runtime': true, 'unroll-runtime-multi-exit': true },
      { 'unroll-max-upperbound': 16, 'unroll-max-iteration-count-to-analyze': 32 },
    ],
    effect: 'less loop overhead and more work per iteration for the scheduler',
    stop: { growth: 2, spills: true },
    against: ['fno-unroll-loops', 'unroll-max-count'],
    opposite: [{ 'unroll-max-count': 2 }, { 'fno-unroll-loops': true }],
  },
  {
    id: 'unroll-while-loops',
    theme: 'unrolling',
    scope: 'unit',
    prior: 1,
    when: (facts) =>
      matchRemarks(
        facts.remarks('loop-vectorize', 'CantComputeNumberOfIterations', 'UnsupportedUncountableLoop'),
        facts,
        'its number of iterations is not known at entry',
      ),
    edits: [
      { 'unroll-runtime-multi-exit': true },
      { 'unroll-runtime-multi-exit': true, 'unroll-max-count': 4, 'unroll-runtime': true },
      { 'enable-early-exit-vectorization': true },
    ],
    effect: 'several iterations share one exit check',
    stop: { growth: 2 },
    opposite: [{ 'unroll-max-count': 2 }],
  },
  {
    id: 'unroll-less',
    theme: 'unrolling',
    scope: 'unit',
    prior: 1.5,
    when: (facts) => matchRemarks(facts.remarks('loop-unroll', 'PartialUnrolled'), facts),
    edits: [
      { 'fno-unroll-loops': true },
      { 'unroll-max-count': 4 },
      { 'unroll-max-count': 2 },
      { 'unroll-partial-threshold': 50 },
    ],
    effect: 'short trips no longer pay for the remainder loop, and the code is smaller',
    stop: {},
    against: unrollingLevers,
    opposite: [{ 'unroll-runtime': true, 'partial-unrolling-threshold': 256 }],
  },
  {
    id: 'full-unroll-less',
    theme: 'unrolling',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => matchRemarks(facts.remarks('loop-unroll', 'FullyUnrolled'), facts),
    edits: [{ 'unroll-full-max-count': 8 }, { 'unroll-threshold': 150 }],
    effect: 'the loop stays in the decoded-instruction cache',
    stop: {},
    opposite: [{ 'unroll-threshold': 600 }],
  },
  {
    id: 'no-peeling',
    theme: 'unrolling',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => matchRemarks(facts.remarks('loop-unroll', 'Peeled'), facts, 'peeled for short trips'),
    edits: [{ 'unroll-allow-peeling': false }],
    effect: 'long trips no longer pass through the peeled copies',
    stop: {},
  },
  {
    id: 'call-in-loop',
    theme: 'unrolling',
    scope: 'unit',
    prior: 0.4,
    when: (facts) => matchRemarks(facts.remarks('TTI', 'DontUnroll'), facts, 'a call stops unrolling'),
    edits: [{ 'inline-threshold': 600, 'unroll-threshold': 600 }],
    effect: 'the callee is inlined and then the loop unrolls',
    stop: { growth: 1.6 },
  },
];

/** From loop-vectorize, loop-distribute and loop-idiom remarks. */
export const vectorizingRules: readonly Rule[] = [
  {
    id: 'vector-body-too-wide',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 1.1,
    when: (facts) => matchRemarks(wideLoops(facts), facts, 'short trips never reach the vector body'),
    edits: [
      { 'force-vector-interleave': 1 },
      { 'fno-vectorize': true },
      { 'enable-epilogue-vectorization': false },
      { 'vectorizer-min-trip-count': 64 },
    ],
    effect: 'set-up cost goes and short trips run straight',
    stop: {},
    opposite: [{ 'force-vector-interleave': 4 }],
  },
  {
    id: 'more-interleaving',
    theme: 'vectorizing',
    scope: 'unit',
    arch: 'x64',
    prior: 1.5,
    when: (facts) =>
      facts.spillingLoops.some(({ share }) => share > 0.1)
        ? undefined
        : matchRemarks(wideLoops(facts), facts, 'no spills in hot loops'),
    edits: [{ 'force-vector-interleave': 4 }, { 'force-vector-interleave': 8 }],
    effect: 'independent chains hide latency on long trips',
    stop: { spills: true },
    opposite: [{ 'force-vector-interleave': 1 }],
  },
  {
    // For SSE2 the cost model counts shuffles and widening too high: two kernels on bytes ran 2.4 and 1.8 times as fast.
    id: 'vectorize-anyway',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 1.8,
    when: (facts) =>
      matchRemarks(
        facts.remarks('loop-vectorize', 'VectorizationNotBeneficial'),
        facts,
        'the loop may be vectorised, but an estimate of its cost speaks against it',
      ),
    edits: [{ 'force-vector-width': 8 }, { 'force-vector-width': 4 }, { 'force-vector-width': 16 }],
    effect: 'it is measured whether the vector code is faster',
    stop: {},
  },
  {
    id: 'vectorizer-said-no',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => matchRemarks(facts.remarks('loop-vectorize', 'VectorizationNotBeneficial'), facts),
    edits: [{ 'vectorizer-maximize-bandwidth': true }, { 'small-loop-cost': 40 }],
    effect: 'mixed widths may still pay',
    stop: { vectors: true },
  },
  {
    id: 'alias-checks',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 0.7,
    when: (facts) =>
      matchRemarks(
        facts.remarks('loop-vectorize', 'CantReorderMemOps', 'CantIdentifyArrayBounds'),
        facts,
        'memory may alias',
      ),
    edits: [{ 'runtime-memory-check-threshold': 32, 'vectorize-memory-check-threshold': 256 }],
    effect: 'the loop is vectorised behind run-time checks',
    stop: { growth: 1.5 },
    opposite: [{ 'runtime-memory-check-threshold': 4 }],
  },
  {
    id: 'distribute',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => matchRemarks(facts.remarks('loop-vectorize', 'UnsafeDep'), facts),
    edits: [{ 'enable-loop-distribute': true }],
    effect: 'the independent part of the loop is vectorised',
    stop: { growth: 1.5 },
  },
  {
    id: 'ordered-reduction',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 2.5,
    when: (facts) =>
      matchRemarks(facts.remarks('loop-vectorize', 'CantReorderFPOps'), facts, 'a strict floating-point sum'),
    edits: [{ 'force-ordered-reductions': true }],
    effect: 'the products are vectorised while the sum keeps its order, so results stay the same',
    stop: {},
  },
  {
    id: 'live-out-values',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 0.3,
    when: (facts) => matchRemarks(facts.remarks('loop-vectorize', 'NonReductionValueUsedOutsideLoop'), facts),
    edits: [{ replexitval: 'always' }],
    effect: 'values after the loop are computed from the trip count',
    stop: {},
  },
  {
    id: 'small-memory-calls',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 0.9,
    when: (facts) =>
      matchRemarks(
        facts.remarks('loop-idiom', 'ProcessLoopStridedStore', 'ProcessLoopStoreOfLoopLoad'),
        facts,
      ),
    edits: [
      { 'disable-loop-idiom-memset': true },
      { 'disable-loop-idiom-memcpy': true },
      { 'disable-loop-idiom-all': true },
    ],
    effect: 'few bytes no longer cost a library call',
    stop: {},
  },
];

/** Places of loops in hot functions that unrolling did not touch. */
export function hotLoops(facts: Facts): HotRemark[] {
  const unrolled = new Set(facts.remarks('loop-unroll').map(({ remark }) => placeOf(remark.location)));
  return facts
    .remarks('loop-vectorize', 'MissedDetails')
    .filter(({ remark }) => !unrolled.has(placeOf(remark.location)));
}

function placeOf(location: HotRemark['remark']['location']): string {
  return location === undefined ? '' : `${location.file}:${location.line}:${location.column}`;
}

/** Vectorised loops that take at least four elements at once. */
export function wideLoops(facts: Facts): HotRemark[] {
  return facts
    .remarks('loop-vectorize', 'Vectorized')
    .filter(
      ({ remark }) => numberOf(remark, 'VectorizationFactor') * numberOf(remark, 'InterleaveCount') >= 4,
    );
}

import { matchCode, matchRemarks, numberOf } from './facts.js';
import type { Rule } from './rule.js';
import { hotLoops, wideLoops } from './rules-loops.js';
import { cpuNote, tunings, whole } from './whole-unit.js';

/**
 * For ARM64. Its generic -O3 never unrolls at run time and schedules for an in-order Cortex-A510 (LLVM pull request 68518), so that the
 * first moves are other ones than on x86-64.
 */
export const aarch64Rules: readonly Rule[] = [
  {
    id: 'tune-for-core',
    theme: 'tuning',
    scope: 'unit',
    arch: 'arm64',
    prior: 5,
    when: (facts) => whole(facts, `scheduling and costs are those of a generic AArch64${cpuNote(facts)}`),
    edits: (_, facts) =>
      tunings('mtune-aarch64', facts, ['neoverse-n1', 'cortex-a72', 'cortex-a76', 'cortex-a53']),
    effect: 'a real core model switches run-time unrolling on; the instruction set stays',
    stop: {},
  },
  {
    id: 'unroll-aarch64-generic',
    theme: 'unrolling',
    scope: 'unit',
    arch: 'arm64',
    prior: 4,
    when: (facts) =>
      facts.remarks('loop-unroll', 'PartialUnrolled').length > 0
        ? undefined
        : matchRemarks(hotLoops(facts), facts, 'the generic tuning never unrolls at run time'),
    edits: (_, { cpu }) => [
      { 'unroll-runtime': true, 'unroll-max-count': 4 },
      { 'unroll-runtime': true, 'unroll-max-count': 2 },
      ...(cpu === undefined ? [] : [{ 'mtune-aarch64': cpu, 'unroll-runtime': true, 'unroll-max-count': 4 }]),
      { 'unroll-runtime': true },
    ],
    effect: 'loops get the run-time unrolling that x86-64 has by default',
    stop: { growth: 2.5, spills: true },
  },
  {
    id: 'interleave-aarch64',
    theme: 'vectorizing',
    scope: 'unit',
    arch: 'arm64',
    prior: 2,
    when: (facts) =>
      facts.spillingLoops.some(({ share }) => share > 0.1)
        ? undefined
        : matchRemarks(
            wideLoops(facts).filter(({ remark }) => numberOf(remark, 'InterleaveCount') <= 2),
            facts,
            'the generic tuning interleaves by 2 at most, with 32 vector registers',
          ),
    edits: [{ 'force-vector-interleave': 4 }, { 'force-vector-interleave': 8 }],
    effect: 'independent chains hide latency on long trips',
    stop: { spills: true },
    opposite: [{ 'force-vector-interleave': 1 }],
  },
  {
    id: 'prefetch-aarch64',
    theme: 'memory',
    scope: 'unit',
    arch: 'arm64',
    prior: 1.2,
    when: (facts) =>
      facts.isInOrder
        ? matchRemarks(
            facts.remarks('loop-vectorize', 'Vectorized', 'MissedDetails'),
            facts,
            `a loop that waits for every cache miss on ${facts.cpu}`,
          )
        : undefined,
    edits: [{ 'prefetch-distance': 128 }, { 'prefetch-distance': 256 }],
    effect: 'loads of later iterations overlap with the work of this one',
    stop: { growth: 1.5 },
  },
  {
    id: 'selects-aarch64',
    theme: 'branches',
    scope: 'unit',
    arch: 'arm64',
    prior: 1,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.cmov >= 2),
        facts,
        (code) => `${code.cmov} selects in ${code.instructions} instructions`,
      ),
    edits: [{ 'aarch64-enable-early-ifcvt': false }],
    effect: 'predictable choices leave the latency chain',
    stop: {},
  },
  {
    id: 'branches-to-selects-aarch64',
    theme: 'branches',
    scope: 'unit',
    arch: 'arm64',
    prior: 1.2,
    when: (facts) =>
      matchRemarks(
        facts.remarks('select-optimize', 'SelectOpti').filter(({ remark }) => remark.kind === 'Passed'),
        facts,
        'a select became a branch, on the model of an in-order core',
      ),
    edits: [{ 'aarch64-select-opt': false }],
    effect: 'choices that are hard to predict stay selects',
    stop: {},
  },
  {
    id: 'schedule-aarch64',
    theme: 'scheduling',
    scope: 'unit',
    arch: 'arm64',
    prior: 1.2,
    when: (facts) => whole(facts, 'instruction order was chosen for an in-order Cortex-A510'),
    edits: [
      { 'enable-misched': false },
      { misched: 'ilpmax' },
      { 'enable-post-misched': false },
      { 'misched-topdown': true },
      { 'misched-prera-direction': 'topdown' },
      { 'pre-RA-sched': 'list-burr' },
      { 'misched-cluster': false },
    ],
    effect: 'another order of the same instructions',
    stop: { spills: true },
  },
  {
    id: 'dispatch-aarch64',
    theme: 'branches',
    scope: 'unit',
    arch: 'arm64',
    prior: 1.2,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.indirectJumps > 0),
        facts,
        (code) => `${code.indirectJumps} indirect jumps, through compressed tables`,
      ),
    edits: [
      { 'fno-jump-tables': true },
      { 'tail-dup-indirect-size': 40 },
      { 'aarch64-enable-compress-jump-tables': false },
      { 'aarch64-min-jump-table-entries': 20 },
    ],
    effect: 'the predictor sees one branch per case, or the way to a case is shorter',
    stop: { growth: 1.5 },
  },
];

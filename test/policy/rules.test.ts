import { describe, expect, it } from 'vitest';
import type { AssemblyFacts, HotLoop, Remark } from '../../src/evidence/types.js';
import { checkConfiguration } from '../../src/levers/check.js';
import type { Configuration } from '../../src/levers/types.js';
import { factsOf } from '../../src/policy/expert/facts.js';
import { findingsOf } from '../../src/policy/expert/first-ideas.js';
import { rules } from '../../src/policy/expert/rules.js';
import { assemblyOf, capturedRemarks, evidenceOf } from '../evidence/captured.js';

const remark = (pass: string, name: string, args: Record<string, string> = {}, kind = 'Missed'): Remark => ({
  kind,
  pass,
  name,
  function: 'hot',
  location: { file: '../src/a.c', line: 12, column: 3 },
  args,
  count: 1,
});

const spills = remark('regalloc', 'LoopSpillReloadCopies', { NumSpills: '3', NumReloads: '9' });
const nearMiss = remark('inline', 'TooCostly', { Callee: 'near', Cost: '300', Threshold: '250' });
const farMiss = remark('inline', 'TooCostly', { Callee: 'big', Cost: '2000', Threshold: '250' });
const missedLoop = remark('loop-vectorize', 'MissedDetails');
const inlined = [1, 2, 3, 4].map((index) =>
  remark('inline', 'Inlined', { Callee: `part${index}`, Cost: String(50 * index), Threshold: '250' }),
);
const vectorized = remark('loop-vectorize', 'Vectorized', { VectorizationFactor: '4', InterleaveCount: '2' });

const unrolled = remark('loop-unroll', 'PartialUnrolled', { UnrollCount: '8' }, 'Passed');
const loop: HotLoop = {
  key: 'hot|0|0123abcd',
  function: 'hot',
  file: '/package/src/a.c',
  startLine: 10,
  endLine: 14,
  innermost: true,
};

type Shown = Pick<Case, 'remarks' | 'code' | 'loops' | 'ownLevel' | 'cpu'>;

interface Case {
  readonly id: string;
  readonly remarks?: readonly Remark[];
  readonly code?: Partial<AssemblyFacts>;
  readonly loops?: readonly HotLoop[];
  readonly ownLevel?: string;
  readonly cpu?: string;
  readonly first: Configuration;
  /** The same evidence without its point: the rule must stay silent. */
  readonly silent?: Shown;
  readonly arch?: 'arm64';
}

const cases: readonly Case[] = [
  {
    id: 'calls-out-of-file',
    remarks: [remark('inline', 'NoDefinition', { Callee: 'elsewhere' })],
    first: { 'fno-plt': true },
    silent: { remarks: [nearMiss] },
  },
  {
    id: 'inline-near-miss',
    remarks: [nearMiss],
    first: { 'inline-threshold': 600, 'inlinehint-threshold': 600 },
    silent: { remarks: [farMiss] },
  },
  {
    id: 'inline-one-callee',
    remarks: [nearMiss],
    first: { 'attr:alwaysinline': ['near'] },
    silent: { remarks: [farMiss] },
  },
  {
    id: 'inline-hot-callees',
    remarks: [nearMiss],
    first: { 'inline-threshold': 1000 },
    silent: { remarks: [farMiss] },
  },
  {
    id: 'specialize-big-callee',
    remarks: [farMiss],
    first: {
      'funcspec-for-literal-constant': true,
      'funcspec-min-function-size': 100,
      'funcspec-max-clones': 6,
    },
    silent: { remarks: [nearMiss] },
  },
  {
    id: 'over-inlined-caller',
    remarks: [...inlined, spills],
    first: { 'inline-threshold': 100, 'inlinehint-threshold': 150 },
    silent: { remarks: inlined },
  },
  {
    id: 'keep-callee-out',
    remarks: [...inlined, spills],
    first: { 'attr:noinline': ['part4'] },
    silent: { remarks: [...inlined.slice(0, 3), spills] },
  },
  { id: 'inline-deferral', remarks: inlined, first: { 'inline-threshold': 400 }, silent: {} },
  {
    id: 'unroll-long-loops',
    remarks: [missedLoop],
    first: { 'unroll-threshold': 2000 },
    silent: { remarks: [missedLoop, remark('loop-unroll', 'FullyUnrolled')] },
  },
  {
    id: 'unroll-while-loops',
    remarks: [remark('loop-vectorize', 'CantComputeNumberOfIterations')],
    first: { 'unroll-runtime-multi-exit': true },
    silent: {},
  },
  {
    id: 'unroll-less',
    remarks: [remark('loop-unroll', 'PartialUnrolled')],
    first: { 'fno-unroll-loops': true },
    silent: {},
  },
  {
    id: 'unroll-aarch64-generic',
    remarks: [missedLoop],
    first: { 'unroll-runtime': true, 'unroll-max-count': 4 },
    silent: { remarks: [missedLoop, remark('loop-unroll', 'PartialUnrolled')] },
    arch: 'arm64',
  },
  {
    id: 'interleave-aarch64',
    remarks: [vectorized],
    first: { 'force-vector-interleave': 4 },
    silent: {
      remarks: [remark('loop-vectorize', 'Vectorized', { VectorizationFactor: '4', InterleaveCount: '4' })],
    },
    arch: 'arm64',
  },
  {
    id: 'prefetch-aarch64',
    remarks: [missedLoop],
    first: { 'prefetch-distance': 128 },
    silent: { remarks: [missedLoop], cpu: 'cortex-a76' },
    arch: 'arm64',
    cpu: 'cortex-a55',
  },
  {
    id: 'branches-to-selects-aarch64',
    remarks: [remark('select-optimize', 'SelectOpti', {}, 'Passed')],
    first: { 'aarch64-select-opt': false },
    silent: { remarks: [remark('select-optimize', 'SelectOpti')] },
    arch: 'arm64',
  },
  { id: 'schedule-aarch64', first: { 'enable-misched': false }, arch: 'arm64' },
  {
    id: 'dispatch-aarch64',
    code: { indirectJumps: 1 },
    first: { 'fno-jump-tables': true },
    silent: { code: {} },
    arch: 'arm64',
  },
  {
    id: 'full-unroll-less',
    remarks: [remark('loop-unroll', 'FullyUnrolled')],
    first: { 'unroll-full-max-count': 8 },
    silent: {},
  },
  {
    id: 'no-peeling',
    remarks: [remark('loop-unroll', 'Peeled')],
    first: { 'unroll-allow-peeling': false },
    silent: {},
  },
  {
    id: 'call-in-loop',
    remarks: [remark('TTI', 'DontUnroll')],
    first: { 'inline-threshold': 600, 'unroll-threshold': 600 },
    silent: {},
  },
  { id: 'vector-body-too-wide', remarks: [vectorized], first: { 'force-vector-interleave': 1 }, silent: {} },
  {
    id: 'more-interleaving',
    remarks: [vectorized],
    first: { 'force-vector-interleave': 4 },
    silent: { remarks: [vectorized, spills] },
  },
  {
    id: 'vectorizer-said-no',
    remarks: [remark('loop-vectorize', 'VectorizationNotBeneficial')],
    first: { 'vectorizer-maximize-bandwidth': true },
    silent: {},
  },
  {
    id: 'vectorize-anyway',
    remarks: [remark('loop-vectorize', 'VectorizationNotBeneficial')],
    first: { 'force-vector-width': 8 },
    silent: { remarks: [vectorized] },
  },
  {
    id: 'alias-checks',
    remarks: [remark('loop-vectorize', 'CantReorderMemOps')],
    first: { 'runtime-memory-check-threshold': 32, 'vectorize-memory-check-threshold': 256 },
    silent: {},
  },
  {
    id: 'distribute',
    remarks: [remark('loop-vectorize', 'UnsafeDep')],
    first: { 'enable-loop-distribute': true },
    silent: {},
  },
  {
    id: 'ordered-reduction',
    remarks: [remark('loop-vectorize', 'CantReorderFPOps')],
    first: { 'force-ordered-reductions': true },
    silent: {},
  },
  {
    id: 'live-out-values',
    remarks: [remark('loop-vectorize', 'NonReductionValueUsedOutsideLoop')],
    first: { replexitval: 'always' },
    silent: {},
  },
  {
    id: 'small-memory-calls',
    remarks: [remark('loop-idiom', 'ProcessLoopStridedStore')],
    first: { 'disable-loop-idiom-memset': true },
    silent: {},
  },
  {
    id: 'slp-shuffles',
    remarks: [remark('slp-vectorizer', 'StoresVectorized')],
    first: { 'fno-slp-vectorize': true },
    silent: {},
  },
  {
    id: 'copied-in-pairs',
    remarks: [remark('slp-vectorizer', 'StoresVectorized', { Cost: '-2', TreeSize: '2' })],
    first: { 'slp-threshold': 3 },
    silent: { remarks: [remark('slp-vectorizer', 'StoresVectorized', { Cost: '-9', TreeSize: '4' })] },
  },
  {
    id: 'slp-borderline',
    remarks: [remark('slp-vectorizer', 'NotBeneficial', { Cost: '2' })],
    first: { 'slp-threshold': -3 },
    silent: { remarks: [remark('slp-vectorizer', 'NotBeneficial', { Cost: '9' })] },
  },
  {
    id: 'loads-kept-in-loop',
    remarks: [remark('licm', 'LoadWithLoopInvariantAddressInvalidated')],
    first: {
      'memssa-check-limit': 300,
      'licm-mssa-optimization-cap': 500,
      'licm-mssa-max-acc-promotion': 1000,
    },
    silent: {},
  },
  {
    id: 'loads-not-guaranteed',
    remarks: [remark('licm', 'LoadWithLoopInvariantAddressCondExecuted')],
    first: { 'rotation-max-header-size': 32 },
    silent: {},
  },
  {
    id: 'hoisted-and-spilled',
    remarks: [remark('licm', 'Hoisted'), spills],
    first: { 'disable-licm-promotion': true },
    silent: { remarks: [remark('licm', 'Hoisted')] },
  },
  {
    id: 'spills-in-hot-loop',
    remarks: [spills],
    first: { 'fomit-frame-pointer': true },
    silent: { remarks: [remark('regalloc', 'LoopSpillReloadCopies', { NumVRCopies: '7' })] },
  },
  {
    id: 'cold-path-spills',
    remarks: [remark('regalloc', 'SpillReloadCopies', { NumSpills: '2' })],
    first: { 'regalloc-csr-first-time-cost': 64 },
    silent: { remarks: [remark('regalloc', 'SpillReloadCopies', { NumSpills: '2' }), spills] },
  },
  {
    id: 'straight-line-spills',
    code: { instructions: 600, stackAccesses: 120, branches: 1 },
    first: { 'pre-RA-sched': 'list-hybrid', 'misched-bottomup': false },
    silent: { code: { instructions: 600, stackAccesses: 120, branches: 60 } },
  },
  {
    id: 'frame-pointer',
    code: { stackAccesses: 9 },
    first: { 'fomit-frame-pointer': true },
    silent: { code: { stackAccesses: 3 } },
  },
  {
    id: 'keep-selects',
    code: { branchedSelects: 2 },
    first: { 'x86-cmov-converter': false },
    silent: { code: { branches: 9, branchedSelects: 0 } },
  },
  {
    id: 'selects-in-a-chain',
    code: { cmov: 3 },
    first: { 'disable-select-optimize': false },
    silent: { code: { cmov: 0 } },
  },
  {
    id: 'selects-to-branches',
    code: { cmov: 3 },
    first: { 'x86-cmov-converter': true, 'x86-cmov-converter-force-all': true },
    silent: { code: { cmov: 0 } },
  },
  {
    id: 'selects-aarch64',
    code: { cmov: 3 },
    first: { 'aarch64-enable-early-ifcvt': false },
    silent: { code: { cmov: 1 } },
    arch: 'arm64',
  },
  {
    id: 'fold-branches',
    remarks: [remark('loop-vectorize', 'NoCFGForSelect')],
    first: { 'phi-node-folding-threshold': 4, 'two-entry-phi-node-folding-threshold': 8 },
    silent: { code: { branches: 5 } },
  },
  {
    id: 'thread-jumps',
    code: { branches: 14 },
    first: { 'jump-threading-threshold': 12 },
    silent: { code: { branches: 5 } },
  },
  {
    id: 'dispatch',
    code: { indirectJumps: 1 },
    first: { 'min-jump-table-entries': 16 },
    silent: { code: {} },
  },
  {
    id: 'switch-to-table',
    code: { indirectJumps: 1 },
    first: { 'sink-common-insts': true },
    silent: { code: {} },
  },
  {
    id: 'inline-again',
    code: { indirectCalls: 2 },
    first: { 'ep:passes-ep-optimizer-early': ['pass:inline-again'] },
    silent: { code: {} },
  },
  { id: 'divisions', code: { divisions: 1 }, first: { 'x86-tune-idivq-to-divl': '+' }, silent: { code: {} } },
  {
    id: 'align-compact-kernel',
    code: { bytes: 300 },
    first: { 'falign-functions': 64 },
    silent: { code: { bytes: 9000 } },
  },
  {
    id: 'block-order',
    code: { branches: 12 },
    first: { 'enable-ext-tsp-block-placement': true },
    silent: { code: { branches: 2 } },
  },
  {
    id: 'scalar-code',
    code: { vector: 5 },
    first: { 'fno-vectorize': true, 'fno-slp-vectorize': true },
    silent: { code: {} },
  },
  { id: 'tune-for-host-x64', first: { 'mtune-x86': 'znver4' } },
  { id: 'tune-for-core', first: { 'mtune-aarch64': 'neoverse-v1' }, arch: 'arm64', cpu: 'neoverse-v1' },
  { id: 'level-of-the-project', ownLevel: 's', first: { 'O-level-Os': true }, silent: { ownLevel: '3' } },
  { id: 'smaller-code', first: { 'O-level-O2': true } },
  { id: 'schedule', first: { 'enable-misched': false } },
  { id: 'addressing', first: { 'lsr-drop-solution': true } },
  { id: 'redundancy', first: { 'enable-load-pre': false } },
  {
    id: 'coherent-groups',
    first: {
      'unroll-threshold': 1000,
      'inline-threshold': 600,
      'inlinehint-threshold': 600,
      'unroll-runtime': true,
    },
  },
  {
    id: 'unroll-this-loop',
    remarks: [missedLoop],
    loops: [loop],
    first: { 'md:llvm.loop.unroll.count': { [loop.key]: 4 } },
    silent: { remarks: [vectorized], loops: [loop] },
  },
  {
    id: 'vectorize-this-loop',
    remarks: [{ ...missedLoop, name: 'VectorizationNotBeneficial' }],
    loops: [loop],
    first: { 'md:llvm.loop.vectorize.width': { [loop.key]: 8 } },
    silent: { remarks: [missedLoop], loops: [loop] },
  },
  {
    id: 'keep-this-loop-rolled',
    remarks: [unrolled],
    loops: [loop],
    first: { 'md:llvm.loop.unroll.disable': { [loop.key]: true } },
    silent: { remarks: [unrolled], loops: [{ ...loop, startLine: 20, endLine: 30 }] },
  },
  {
    id: 'this-loop-scalar',
    remarks: [vectorized],
    loops: [{ ...loop, innermost: false }, loop],
    first: { 'md:llvm.loop.vectorize.width': { [loop.key]: 1 } },
    silent: { remarks: [vectorized], loops: [{ ...loop, innermost: false }] },
  },
  { id: 'single-options', first: { 'unswitch-threshold': 0 } },
];

function findings(test: Shown, arch: 'x64' | 'arm64' = 'x64') {
  const code = test.code === undefined ? [] : [assemblyOf('hot', test.code)];
  const cpu = arch === 'x64' ? 'znver4' : (test.cpu ?? 'neoverse-n1');
  const evidence = {
    ...evidenceOf(test.remarks ?? [], code),
    loops: test.loops ?? [],
    ...(test.ownLevel && { ownLevel: test.ownLevel }),
  };
  return findingsOf(rules, factsOf(evidence, 'c', cpu), arch);
}

describe('the rules', () => {
  it('have a test each and ids of their own', () => {
    expect(cases.map(({ id }) => id).sort()).toEqual(rules.map(({ id }) => id).sort());
  });

  it.each(cases)('$id answers its evidence and only that', ({ id, first, silent, arch, ...evidence }) => {
    const found = findings(evidence, arch).find(({ rule }) => rule.id === id);
    expect(found?.edits[0]).toEqual(first);
    expect(found?.match.strength).toBeGreaterThan(0);
    if (silent !== undefined) expect(findings(silent, arch).map(({ rule }) => rule.id)).not.toContain(id);
  });

  it('say pass, numbers, function, line and share', () => {
    const [finding] = findings({ remarks: [nearMiss] }).filter(({ rule }) => rule.id === 'inline-one-callee');
    expect(finding?.match.becauseOf?.get('near')).toBe(
      'inline:TooCostly (Callee near, Cost 300, Threshold 250) in hot at a.c:12, 100 % of the time',
    );
  });

  it('name the line of a single loop', () => {
    const [finding] = findings({ remarks: [missedLoop], loops: [loop] }).filter(
      ({ rule }) => rule.id === 'unroll-this-loop',
    );
    expect(finding?.match.becauseOf?.get(loop.key)).toBe(
      'the innermost loop at a.c:10 in hot (100 % of the time) is neither vectorised nor unrolled',
    );
  });

  it('hold only levers that are allowed without being named in a config', () => {
    for (const arch of ['x64', 'arm64'] as const) {
      for (const { rule, edits } of cases.flatMap((test) => findings(test, arch))) {
        for (const edit of [...edits, ...(rule.opposite ?? [])]) {
          const problems = [16, 19, 22].map((major) =>
            checkConfiguration(edit, { allow: [] }, { arch, major }),
          );
          expect(
            problems.some(({ ok }) => ok),
            `${rule.id} ${JSON.stringify(edit)}`,
          ).toBe(true);
        }
      }
    }
  });

  it('find what is hot in real translation units', () => {
    const origins = (name: string): string[] =>
      findingsOf(rules, factsOf(evidenceOf(capturedRemarks(name)), 'c++', undefined), 'x64').map(
        ({ rule }) => rule.id,
      );
    expect(origins('katajainen')).toContain('loads-kept-in-loop');
    expect(origins('lz4hc')).toEqual(expect.arrayContaining(['specialize-big-callee', 'unroll-less']));
    expect(origins('hnswlib')).toContain('vector-body-too-wide');
    expect(origins('snappy')).toContain('inline-deferral');
  });
});

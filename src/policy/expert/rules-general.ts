import { type Facts, matchCode } from './facts.js';
import type { Rule } from './rule.js';
import { cpuNote, tunings, whole } from './whole-unit.js';

/** Levers for optimisation levels below -O3. */
const levels: Readonly<Record<string, string>> = {
  1: 'O-level-O1',
  2: 'O-level-O2',
  s: 'O-level-Os',
  z: 'O-level-Oz',
};

/** Broadly useful levers. Their evidence is only that there is hot code, so they rank behind what is pointed at. */
export const generalRules: readonly Rule[] = [
  {
    id: 'tune-for-host-x64',
    theme: 'tuning',
    scope: 'unit',
    arch: 'x64',
    prior: 1.2,
    when: (facts) => whole(facts, `scheduling and costs are those of a generic x86-64${cpuNote(facts)}`),
    edits: (_, facts) => tunings('mtune-x86', facts, ['skylake', 'znver3', 'icelake-server', 'haswell']),
    effect:
      'costs of a current core decide about unrolling and instruction choice; the instruction set stays',
    stop: {},
  },
  {
    id: 'level-of-the-project',
    theme: 'inlining',
    scope: 'unit',
    prior: 1.3,
    when: (facts) =>
      facts.ownLevel === undefined || levels[facts.ownLevel] === undefined
        ? undefined
        : whole(facts, `the project itself compiles with -O${facts.ownLevel}`),
    edits: (_, { ownLevel = '' }) =>
      Object.entries(levels).flatMap(([level, id]) => (level === ownLevel ? [{ [id]: true }] : [])),
    effect: 'the code stays as small as its authors wanted it',
    stop: {},
  },
  {
    id: 'smaller-code',
    theme: 'inlining',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => whole(facts, `${bytesOf(facts)} bytes of hot code`),
    edits: [{ 'O-level-O2': true }, { 'O-level-O2': true, 'fno-vectorize': true, 'fno-slp-vectorize': true }],
    effect: 'less duplicated code in the instruction cache',
    stop: {},
  },
  {
    id: 'scalar-code',
    theme: 'vectorizing',
    scope: 'unit',
    prior: 0.5,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.vector > 0),
        facts,
        (code) => `${code.vector} vector instructions of ${code.instructions}`,
      ),
    edits: [
      { 'fno-vectorize': true, 'fno-slp-vectorize': true },
      { 'fno-slp-vectorize': true },
      { 'disable-vector-combine': true },
    ],
    effect: 'short inputs skip vector set-up',
    stop: {},
  },
  {
    id: 'schedule',
    theme: 'scheduling',
    scope: 'unit',
    arch: 'x64',
    prior: 1,
    when: (facts) => whole(facts, 'instruction order was chosen for a generic core'),
    edits: [
      { 'enable-misched': false },
      { misched: 'ilpmax' },
      { 'pre-RA-sched': 'list-burr' },
      { 'post-RA-scheduler': true },
      { 'misched-cluster': false },
    ],
    effect: 'another order of the same instructions',
    stop: { spills: true },
  },
  {
    id: 'addressing',
    theme: 'registers',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => whole(facts, 'induction variables of the hot loops were chosen by a heuristic'),
    edits: [
      { 'lsr-drop-solution': true },
      { 'disable-lsr': true },
      { 'lsr-insns-cost': false },
      { 'disable-machine-licm': true },
      { 'disable-machine-sink': true },
      { 'hoist-cheap-insts': true },
    ],
    effect: 'other addressing modes and fewer registers',
    stop: { spills: true },
  },
  {
    id: 'redundancy',
    theme: 'memory',
    scope: 'unit',
    prior: 0.6,
    when: (facts) => whole(facts, 'loads of the hot code may be redundant, or live too long'),
    edits: [
      { 'enable-load-pre': false },
      { 'enable-pre': false },
      { 'memdep-block-scan-limit': 500 },
      {
        'earlycse-mssa-optimization-cap': 2000,
        'dse-memoryssa-scanlimit': 600,
        'dse-memoryssa-walklimit': 360,
      },
      { 'enable-constraint-elimination': false },
    ],
    effect: 'another balance of reloading and keeping',
    stop: {},
  },
  {
    id: 'coherent-groups',
    theme: 'tuning',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => whole(facts, 'levers of one intent can add up where each alone is lost in the noise'),
    edits: [
      {
        'unroll-threshold': 1000,
        'inline-threshold': 600,
        'inlinehint-threshold': 600,
        'unroll-runtime': true,
      },
      {
        'inline-threshold': 150,
        'inlinehint-threshold': 150,
        'unroll-max-count': 2,
        'fno-slp-vectorize': true,
      },
      { 'fomit-frame-pointer': true, 'falign-functions': 64, 'fno-slp-vectorize': true },
      { 'falign-functions': 64, 'falign-loops': 32, 'enable-ext-tsp-block-placement': true },
      {
        'phi-node-folding-threshold': 4,
        'two-entry-phi-node-folding-threshold': 8,
        'speculate-one-expensive-inst': true,
        'jump-threading-threshold': 12,
      },
    ],
    effect: 'unroll and inline more, lean code, free registers, tidy layout, or straight-line code',
    stop: { growth: 2 },
  },
  {
    id: 'single-options',
    theme: 'branches',
    scope: 'unit',
    prior: 0.5,
    when: (facts) => whole(facts, 'nothing more specific is left'),
    edits: [
      { 'unswitch-threshold': 0 },
      { 'unroll-max-count': 4 },
      { 'unroll-runtime': true },
      { 'fno-unroll-loops': true },
      { 'rotation-max-header-size': 32 },
      { 'rotation-max-header-size': 8 },
      { 'unswitch-threshold': 200 },
      { 'bonus-inst-threshold': 4 },
      { 'tail-dup-size': 4 },
      { 'disable-early-taildup': true },
      { 'disable-cgp-select2branch': true },
      { 'regalloc-csr-first-time-cost': 64 },
      { 'instcombine-code-sinking': false },
      { 'simplifycfg-hoist-common': false },
      { 'simplifycfg-sink-common': false },
      { 'enable-loop-distribute': true },
      { 'unroll-max-iteration-count-to-analyze': 32 },
      { replexitval: 'always' },
      { 'disable-constant-hoisting': true },
      { 'max-loads-per-memcmp': 16 },
      { 'align-all-functions': 6 },
      { 'slp-min-tree-size': 5 },
      { 'flat-loop-tripcount-threshold': 20 },
    ],
    effect: 'a small change of the code that sometimes pays',
    stop: { growth: 1.5 },
  },
];

function bytesOf(facts: Facts): number {
  return facts.code.reduce((sum, { code }) => sum + code.bytes, 0);
}

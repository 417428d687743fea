import { counted, type Facts, matchCode, matchRemarks } from './facts.js';
import type { Match, Rule } from './rule.js';

function indirectJumps(facts: Facts): Match | undefined {
  return matchCode(
    facts.code.filter(({ code }) => code.indirectJumps > 0),
    facts,
    (code) => counted(code.indirectJumps, 'indirect jump'),
  );
}

function conditionalMoves(facts: Facts, note = ''): Match | undefined {
  return matchCode(
    facts.code.filter(({ code }) => code.cmov > 0),
    facts,
    (code) => `${counted(code.cmov, 'conditional move')} in ${code.instructions} instructions${note}`,
  );
}

/** From control flow in remarks and code. */
export const branchRules: readonly Rule[] = [
  {
    id: 'keep-selects',
    theme: 'branches',
    scope: 'unit',
    arch: 'x64',
    // Maxima of a dynamic programming table: 1.7 times as fast, and 1.4 for an edit distance.
    prior: 2.6,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => (code.branchedSelects ?? 0) > 0),
        facts,
        ({ branchedSelects = 0 }) =>
          `${counted(branchedSelects, 'conditional move')} that the compiler turned into branches`,
      ),
    edits: [{ 'x86-cmov-converter': false }],
    effect: 'conditional moves of unpredictable comparisons are not turned into branches',
    stop: {},
    opposite: [{ 'x86-cmov-converter-force-all': true }],
  },
  {
    // Searching windows for their maximum and its place: 2.4 times as fast, and gcc's branches 1.8 times. It costs as much now and then (0.54).
    id: 'selects-in-a-chain',
    theme: 'branches',
    scope: 'unit',
    arch: 'x64',
    prior: 2.4,
    when: (facts) => conditionalMoves(facts, '; -O3 does not ask whether they lengthen a loop'),
    edits: [{ 'disable-select-optimize': false }],
    effect:
      'choices that every iteration waits for become branches where a model of the loop says that it gains',
    stop: {},
  },
  {
    id: 'selects-to-branches',
    theme: 'branches',
    scope: 'unit',
    arch: 'x64',
    // The choice of the smallest column in a search for exact covers: 1.4 times as fast. Of 32 kernels five gained more than 3 %, and ten lost as much.
    prior: 2,
    when: (facts) => conditionalMoves(facts),
    // Without the pass the option says nothing.
    edits: [
      { 'x86-cmov-converter': true, 'x86-cmov-converter-force-all': true },
      { 'x86-cmov-converter-threshold': 1 },
    ],
    effect: 'predictable choices leave the latency chain',
    stop: {},
    opposite: [{ 'x86-cmov-converter': false }],
  },
  {
    id: 'fold-branches',
    theme: 'branches',
    scope: 'unit',
    prior: 0.9,
    when: (facts) =>
      matchRemarks(
        facts.remarks('loop-vectorize', 'NoCFGForSelect', 'CFGNotUnderstood', 'LoopContainsSwitch'),
        facts,
        'control flow in the loop',
      ) ??
      matchCode(
        facts.code.filter(({ code }) => code.branches > code.instructions / 10),
        facts,
        (code) => `${code.branches} branches in ${code.instructions} instructions`,
      ),
    edits: [
      { 'phi-node-folding-threshold': 4, 'two-entry-phi-node-folding-threshold': 8 },
      { 'phi-node-folding-threshold': 0, 'two-entry-phi-node-folding-threshold': 0 },
      { 'sink-common-insts': true, 'hoist-common-insts': true },
      { 'bonus-inst-threshold': 4, 'simplifycfg-branch-fold-threshold': 4 },
      { 'jump-is-expensive': true },
    ],
    effect: 'straight-line code instead of hard-to-predict branches, or the reverse',
    stop: {},
  },
  {
    id: 'thread-jumps',
    theme: 'branches',
    scope: 'unit',
    prior: 0.7,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.branches >= 12),
        facts,
        (code) => `${code.branches} conditional branches`,
      ),
    edits: [
      { 'jump-threading-threshold': 12 },
      { 'jump-threading-threshold': 0 },
      { 'simplifycfg-sink-common': false },
      { 'simplifycfg-hoist-common': false },
      { 'simplifycfg-merge-cond-stores': false },
    ],
    effect: 'correlated branches get paths of their own',
    stop: { growth: 1.5 },
  },
  {
    id: 'dispatch',
    theme: 'branches',
    scope: 'unit',
    arch: 'x64',
    prior: 3,
    when: indirectJumps,
    // Small tables first: a switch over few cases, inside a loop over data, ran 1.14 times as fast without its table, another program 1.16.
    edits: [
      { 'min-jump-table-entries': 16 },
      { 'fno-jump-tables': true },
      { 'tail-dup-indirect-size': 40 },
      // A bytecode interpreter: 1.4 times as fast with its blocks in lines of their own, 1.04 with more of them duplicated.
      { 'align-all-nofallthru-blocks': 5 },
      { 'tail-dup-size': 4 },
    ],
    effect: 'the predictor sees one branch per case in place of a jump to anywhere',
    stop: { growth: 1.5 },
  },
  {
    id: 'switch-to-table',
    theme: 'branches',
    scope: 'unit',
    prior: 3.2,
    when: indirectJumps,
    // A CBOR reader: 1.9 times as fast, and 1.3 at best with its switches as branches.
    edits: [{ 'sink-common-insts': true }, { 'sink-common-insts': true, 'hoist-common-insts': true }],
    effect:
      'what the cases of a switch have in common is sunk before other passes make it differ, and what is left can be a table',
    stop: {},
  },
  {
    id: 'divisions',
    theme: 'tuning',
    scope: 'unit',
    arch: 'x64',
    prior: 1,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.divisions > 0),
        facts,
        (code) => counted(code.divisions, 'integer division'),
      ),
    edits: [{ 'x86-tune-idivq-to-divl': '+' }],
    effect: '64-bit divisions of small numbers take the 32-bit instruction',
    stop: {},
  },
];

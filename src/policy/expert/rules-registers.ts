import { spillCount } from '../../evidence/remarks.js';
import type { AssemblyFacts } from '../../evidence/types.js';
import { matchCode, matchRemarks } from './facts.js';
import type { Rule } from './rule.js';

function usesStack({ stackAccesses, instructions }: AssemblyFacts): boolean {
  return stackAccesses >= Math.max(4, instructions / 20);
}

/** Nearly without branches: unrolled rounds, or arithmetic with numbers of many words. */
function isLongBlock({ branches, instructions }: AssemblyFacts): boolean {
  return instructions >= 200 && branches <= instructions / 50;
}

/** From regalloc and prologepilog remarks and stack accesses in the code. */
export const registerRules: readonly Rule[] = [
  {
    id: 'spills-in-hot-loop',
    theme: 'registers',
    scope: 'unit',
    prior: 1.6,
    when: (facts) => {
      const total = facts.spillingLoops.reduce((count, { remark }) => count + spillCount(remark.args), 0);
      return matchRemarks(facts.spillingLoops, facts, `${total} spills and reloads in hot loops`);
    },
    edits: [
      { 'fomit-frame-pointer': true },
      { 'pre-RA-sched': 'list-burr' },
      { 'enable-local-reassign': true },
      { 'enable-misched': false },
      { 'lsr-drop-solution': true },
      { 'split-spill-mode': 'size' },
      { regalloc: 'basic' },
    ],
    effect: 'one register more or shorter live ranges remove memory traffic from the loop',
    stop: { spills: true },
  },
  {
    id: 'straight-line-spills',
    theme: 'scheduling',
    scope: 'unit',
    arch: 'x64',
    prior: 1.2,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => isLongBlock(code) && usesStack(code)),
        facts,
        (code) =>
          `${code.stackAccesses} stack accesses and ${code.branches} branches in ${code.instructions} instructions`,
      ),
    edits: [
      { 'pre-RA-sched': 'list-hybrid', 'misched-bottomup': false },
      { 'pre-RA-sched': 'list-burr' },
      { 'pre-RA-sched': 'list-ilp' },
    ],
    effect: 'long blocks, as of big-number arithmetic, keep fewer values alive or interleave their chains',
    stop: { spills: true },
  },
  {
    id: 'cold-path-spills',
    theme: 'registers',
    scope: 'unit',
    prior: 0.6,
    when: (facts) => {
      const loops = new Set(facts.spillingLoops.map(({ remark }) => remark.function));
      const found = facts
        .remarks('regalloc', 'SpillReloadCopies')
        .filter(({ remark }) => spillCount(remark.args) > 0 && !loops.has(remark.function));
      return matchRemarks(found, facts, 'none of them in a loop');
    },
    edits: [{ 'regalloc-csr-first-time-cost': 64 }, { 'hot-cold-split': true }],
    effect: 'the fast path saves fewer registers',
    stop: {},
  },
  {
    id: 'frame-pointer',
    theme: 'registers',
    scope: 'unit',
    prior: 0.7,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => usesStack(code)),
        facts,
        (code) => `${code.stackAccesses} stack accesses in ${code.instructions} instructions`,
      ),
    edits: [{ 'fomit-frame-pointer': true }],
    effect: 'the frame pointer becomes a general register',
    stop: { spills: true },
  },
];

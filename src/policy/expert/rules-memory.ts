import { matchRemarks } from './facts.js';
import type { Rule } from './rule.js';

/** From licm remarks. */
export const memoryRules: readonly Rule[] = [
  {
    id: 'loads-kept-in-loop',
    theme: 'memory',
    scope: 'unit',
    prior: 0.8,
    when: (facts) =>
      matchRemarks(
        facts.remarks('licm', 'LoadWithLoopInvariantAddressInvalidated'),
        facts,
        'a store may change what is loaded',
      ),
    edits: [
      { 'memssa-check-limit': 300, 'licm-mssa-optimization-cap': 500, 'licm-mssa-max-acc-promotion': 1000 },
      { 'memdep-block-scan-limit': 300, 'enable-split-backedge-in-load-pre': true },
    ],
    effect: 'a longer search may prove the load invariant',
    stop: { spills: true },
  },
  {
    id: 'loads-not-guaranteed',
    theme: 'memory',
    scope: 'unit',
    prior: 0.6,
    when: (facts) => matchRemarks(facts.remarks('licm', 'LoadWithLoopInvariantAddressCondExecuted'), facts),
    edits: [{ 'rotation-max-header-size': 32 }, { 'jump-threading-threshold': 12 }],
    effect: 'the load is executed for certain and can leave the loop',
    stop: { growth: 1.5 },
  },
  {
    id: 'hoisted-and-spilled',
    theme: 'memory',
    scope: 'unit',
    prior: 1,
    when: (facts) => {
      const spilling = new Set(facts.spillingLoops.map(({ remark }) => remark.function));
      const hoisted = facts.remarks('licm', 'Hoisted', 'PromoteLoopAccessesToScalar');
      return matchRemarks(
        hoisted.filter(({ remark }) => spilling.has(remark.function)),
        facts,
        'and the loop spills',
      );
    },
    edits: [
      { 'disable-licm-promotion': true },
      { 'sink-insts-to-avoid-spills': true },
      { 'enable-load-pre': false },
      { 'enable-pre': false },
      { 'disable-machine-licm': true },
    ],
    effect: 'fewer long-lived values compete for registers',
    stop: { spills: true },
  },
];

import { matchRemarks, numberOf } from './facts.js';
import type { Rule } from './rule.js';

/** From slp-vectorizer remarks. */
export const slpRules: readonly Rule[] = [
  {
    // A swap of two std::vectors one of which had just been written to: 1.3 times as fast.
    id: 'copied-in-pairs',
    theme: 'slp',
    scope: 'unit',
    prior: 2.4,
    when: (facts) =>
      matchRemarks(
        facts
          .remarks('slp-vectorizer', 'StoresVectorized')
          .filter(({ remark }) => numberOf(remark, 'TreeSize') === 2 && numberOf(remark, 'Cost') >= -3),
        facts,
        'two loads and two stores became one each, and a load that covers two recent stores waits for both',
      ),
    edits: [{ 'slp-threshold': 3 }],
    effect: 'small copies stay in scalar registers, and what saves more is vectorised as before',
    stop: {},
  },
  {
    id: 'slp-shuffles',
    theme: 'slp',
    scope: 'unit',
    prior: 1.3,
    when: (facts) =>
      matchRemarks(
        facts.remarks(
          'slp-vectorizer',
          'StoresVectorized',
          'VectorizedList',
          'VectorizedHorizontalReduction',
        ),
        facts,
        'packing scalars costs shuffles',
      ),
    edits: [
      { 'fno-slp-vectorize': true },
      { 'slp-threshold': 5 },
      { 'slp-vectorize-hor': false },
      { 'slp-min-tree-size': 5 },
    ],
    effect: 'values stay in scalar registers',
    stop: {},
    opposite: [{ 'slp-threshold': -3 }],
  },
  {
    id: 'slp-borderline',
    theme: 'slp',
    scope: 'unit',
    prior: 0.5,
    when: (facts) =>
      matchRemarks(
        facts.remarks('slp-vectorizer', 'NotBeneficial', 'HorSLPNotBeneficial').filter(({ remark }) => {
          const cost = numberOf(remark, 'Cost');
          return cost >= 0 && cost <= 3;
        }),
        facts,
        'a cost of 0 to 3 is borderline',
      ),
    // Not -5 or lower: on hashes such a threshold was measured 2.5 times slower.
    edits: [{ 'slp-threshold': -3 }, { 'slp-recursion-max-depth': 24, 'slp-max-look-ahead-depth': 4 }],
    effect: 'borderline trees are vectorised',
    stop: { spills: true },
    opposite: [{ 'slp-threshold': 5 }],
  },
];

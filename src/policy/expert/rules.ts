import type { Rule } from './rule.js';
import { aarch64Rules } from './rules-aarch64.js';
import { branchRules } from './rules-branches.js';
import { generalRules } from './rules-general.js';
import { inliningRules } from './rules-inlining.js';
import { layoutRules } from './rules-layout.js';
import { unrollingRules, vectorizingRules } from './rules-loops.js';
import { memoryRules } from './rules-memory.js';
import { registerRules } from './rules-registers.js';
import { singleLoopRules } from './rules-single-loops.js';
import { slpRules } from './rules-slp.js';

/** All that the expert knows, from what points at a place to what is merely worth a try. */
export const rules: readonly Rule[] = [
  ...aarch64Rules,
  ...inliningRules,
  ...unrollingRules,
  ...vectorizingRules,
  ...singleLoopRules,
  ...slpRules,
  ...memoryRules,
  ...registerRules,
  ...branchRules,
  ...layoutRules,
  ...generalRules,
];

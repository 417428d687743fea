import { matchCode } from './facts.js';
import type { Rule } from './rule.js';

/** Placement and block order. */
export const layoutRules: readonly Rule[] = [
  {
    id: 'align-compact-kernel',
    theme: 'layout',
    scope: 'unit',
    prior: 1.2,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code, share }) => share > 0.3 && code.bytes > 0 && code.bytes < 1500),
        facts,
        (code) => `all its work in ${code.bytes} bytes, which their placement can speed up or slow down`,
      ),
    edits: [
      { 'falign-functions': 64 },
      { 'falign-functions': 64, 'falign-loops': 32 },
      { 'falign-loops': 64 },
    ],
    effect: 'the hot loop no longer depends on where the linker puts it',
    stop: {},
  },
  {
    id: 'block-order',
    theme: 'layout',
    scope: 'unit',
    prior: 0.9,
    when: (facts) =>
      matchCode(
        facts.code.filter(({ code }) => code.branches >= 10),
        facts,
        (code) => `${code.branches} conditional branches`,
      ),
    edits: [
      { 'enable-ext-tsp-block-placement': true },
      { 'tail-dup-placement-aggressive-threshold': 8, 'tail-dup-placement-threshold': 4 },
      { 'tail-dup-placement': false },
      { 'falign-loops': 32 },
      { 'align-all-nofallthru-blocks': 4 },
    ],
    effect: 'fewer taken branches on the hot path',
    stop: { growth: 1.3 },
  },
];

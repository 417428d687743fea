import type { PassLevel } from '../types.js';
import type { RowExtras } from './row.js';

/** Passes that an extension point can take: id, text for `opt -passes`, what the pass runs on. */
export const insertablePasses: readonly (readonly [
  id: string,
  text: string,
  level: PassLevel,
  extras?: RowExtras,
])[] = [
  ['pass:loop-data-prefetch', 'loop-data-prefetch', 'function', { gate: 'opt-in', risk: 'experimental' }],
  ['pass:loop-fusion', 'loop-fusion', 'function', { gate: 'opt-in', risk: 'experimental' }],
  ['pass:irce', 'irce', 'function', { gate: 'opt-in', risk: 'experimental' }],
  ['pass:loop-predication', 'loop-predication', 'loop', { gate: 'opt-in', risk: 'experimental' }],
  [
    'pass:loop-versioning-licm',
    'loop-versioning-licm',
    'loop-mssa',
    { gate: 'opt-in', risk: 'experimental' },
  ],
  ['pass:loop-bound-split', 'loop-bound-split', 'loop', { gate: 'opt-in', risk: 'experimental' }],
  ['pass:lnicm', 'lnicm', 'loop-mssa', { gate: 'opt-in', risk: 'experimental' }],
  [
    'pass:slsr',
    'slsr,separate-const-offset-from-gep<lower-gep>,nary-reassociate',
    'function',
    { majors: [19, 22], gate: 'opt-in', risk: 'experimental' },
  ],
  [
    'pass:load-store-vectorizer',
    'load-store-vectorizer',
    'function',
    { gate: 'opt-in', risk: 'experimental' },
  ],
  [
    'pass:interleaved-load-combine',
    'interleaved-load-combine',
    'function',
    { majors: [19, 22], gate: 'opt-in', risk: 'experimental' },
  ],
  ['pass:consthoist', 'consthoist', 'function'],
  ['pass:mergefunc', 'mergefunc', 'module', { risk: 'size' }],
  ['pass:hotcoldsplit', 'hotcoldsplit', 'module'],
  ['pass:partial-inliner', 'partial-inliner', 'module', { gate: 'opt-in', risk: 'experimental' }],
  ['pass:module-inline', 'module-inline', 'module', { gate: 'opt-in', risk: 'experimental' }],
  ['pass:attributor', 'attributor', 'module', { gate: 'opt-in', risk: 'experimental' }],
  [
    'pass:loop-interchange',
    'loop-interchange',
    'loop',
    { gate: 'opt-in', blockedBelow: 22, risk: 'experimental' },
  ],
  [
    'pass:loop-unroll-and-jam',
    'loop-unroll-and-jam',
    'loop',
    { gate: 'opt-in', blockedBelow: 22, risk: 'experimental' },
  ],
  ['pass:newgvn', 'newgvn', 'function', { gate: 'blocked', risk: 'experimental' }],
  ['pass:gvn-params', 'gvn<pre;load-pre>', 'function'],
  ['pass:loop-unroll-params', 'loop-unroll<O3;partial;runtime;full-unroll-max=8>', 'function'],
  ['pass:simplifycfg-params', 'simplifycfg<bonus-inst-threshold=4;switch-to-lookup>', 'function'],
  ['pass:instcombine-params', 'instcombine<no-verify-fixpoint>', 'function', { majors: [19, 22] }],
  [
    'pass:inline-again',
    'ipsccp<func-spec>,inliner-wrapper,function(sroa<modify-cfg>,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg)',
    'module',
    { majors: [19, 22] },
  ],
  ['pass:ipsccp', 'ipsccp<func-spec>', 'module'],
  ['pass:sink', 'sink', 'function'],
  ['pass:flatten-cfg', 'flatten-cfg', 'function', { majors: [19, 22], gate: 'opt-in', risk: 'experimental' }],
  ['pass:scalarizer', 'scalarizer', 'function', { gate: 'opt-in' }],
  ['pass:reg2mem', 'reg2mem', 'function', { gate: 'blocked' }],
  [
    'pass:codegenprepare',
    'codegenprepare',
    'function',
    { majors: [], gate: 'blocked', risk: 'experimental' },
  ],
  ['pass:loop-reroll', 'loop-reroll', 'loop', { majors: [16], gate: 'blocked', risk: 'unsafe' }],
];

/** Places of the -O3 pipeline where `opt` takes further passes: id and what runs there. */
export const extensionPoints: readonly (readonly [id: string, level: PassLevel])[] = [
  ['ep:passes-ep-pipeline-start', 'module'],
  ['ep:passes-ep-pipeline-early-simplification', 'module'],
  ['ep:passes-ep-peephole', 'function'],
  ['ep:passes-ep-scalar-optimizer-late', 'function'],
  ['ep:passes-ep-late-loop-optimizations', 'loop'],
  ['ep:passes-ep-loop-optimizer-end', 'loop'],
  ['ep:passes-ep-cgscc-optimizer-late', 'cgscc'],
  ['ep:passes-ep-optimizer-early', 'module'],
  ['ep:passes-ep-vectorizer-start', 'function'],
  ['ep:passes-ep-optimizer-last', 'module'],
];

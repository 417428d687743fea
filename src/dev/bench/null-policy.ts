import { pick, streamOf } from '../../policy/search/space.js';
import type { Policy } from '../../policy/types.js';

/** Names of the functions of `fixtures/null-addon` that nobody calls. */
export const unusedFunctions: readonly string[] = ['mix', 'tally'].flatMap((prefix) =>
  Array.from({ length: 24 }, (_, at) => `${prefix}_unused_${at + 1}`),
);

const mostNames = 8;

/** Proposes smaller code for functions that never run: other objects, the same code that runs at the same addresses. */
export function createNullPolicy(seed: number): Policy {
  return {
    name: 'null',
    propose: async ({ scope, evidence, history, batch }) =>
      Array.from({ length: batch }, (_, place) => {
        const uniform = streamOf(`${seed}:${scope}:${evidence.file}:${history.length}:${place}`);
        const count = 2 + Math.floor(uniform() * (mostNames - 1));
        const names = Array.from({ length: count }, () => pick(unusedFunctions, uniform) ?? '');
        return {
          configuration: { 'attr:minsize': [...new Set(names)].sort() },
          reason: 'changes functions that are never called',
          origin: 'null',
        };
      }),
  };
}

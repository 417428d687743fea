import type { Configuration } from '../../levers/types.js';
import type { SimilarUnit } from '../types.js';
import { describe, type Idea, merged } from './idea.js';

/** Part of a gain that is expected where only the reactions to probes are alike. */
const transfer = 0.4;
const mostValue = 1.5;

/** What made similar code of other sessions faster, on top of the incumbent. */
export function similarIdeas(similar: readonly SimilarUnit[], incumbent: Configuration): Idea[] {
  return similar.flatMap(({ similarity, results }) =>
    results.flatMap(({ configuration: edit, speedup, ci }): Idea[] => {
      const configuration = merged(incumbent, edit);
      if (ci[0] <= 1 || configuration === undefined) return [];
      const [gain, low, high] = [speedup, ...ci].map((ratio) => `${(100 * (ratio - 1)).toFixed(1)} %`);
      return [
        {
          configuration,
          value: Math.min(mostValue, transfer * similarity * 100 * Math.log(ci[0])),
          theme: 'combination',
          reason: `a similar unit (similarity ${similarity.toFixed(2)}) gained ${gain} (95 %: ${low} to ${high}) with ${describe(edit)}`,
          origin: 'similar-unit',
        },
      ];
    }),
  );
}

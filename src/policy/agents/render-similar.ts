import type { SimilarUnit } from '../types.js';
import { renderConfiguration } from './render-trials.js';

const shownResults = 4;

/** One line for each similar unit. All of it are checked configurations and numbers. */
export function renderSimilar(units: readonly SimilarUnit[]): string {
  if (units.length === 0) return 'nothing is known';
  return units
    .map(({ similarity, results }) => {
      const shown = results
        .slice(0, shownResults)
        .map(
          ({ configuration, speedup, ci }) =>
            `${renderConfiguration(configuration)} ${speedup.toFixed(3)}x (${ci.map((bound) => bound.toFixed(3)).join(' to ')})`,
        );
      return `similarity ${similarity.toFixed(2)}: ${shown.join('; ')}`;
    })
    .join('\n');
}

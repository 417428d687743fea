import { describe, expect, it } from 'vitest';
import { neighbours, roundLayout } from '../../src/measure/child/layout.js';

describe('roundLayout', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'puts each of %d candidates beside a baseline, once, in every round',
    (count) => {
      for (let round = 0; round < 13; round++) {
        const layout = roundLayout(count, round);
        const paired = neighbours(layout, (item) => item === 'baseline').map(([place]) => layout[place]);
        expect([...paired].sort()).toEqual(Array.from({ length: count }, (_, index) => index));
      }
    },
  );

  it('lets every candidate run before the baseline and after it', () => {
    for (const count of [1, 2, 3, 4]) {
      for (let candidate = 0; candidate < count; candidate++) {
        const sides = new Set<boolean>();
        for (let round = 0; round < 4 * count; round++) {
          const layout = roundLayout(count, round);
          const pair = neighbours(layout, (item) => item === 'baseline').find(
            ([place]) => layout[place] === candidate,
          );
          if (pair !== undefined) sides.add(pair[0] > pair[1]);
        }
        expect(sides.size).toBe(2);
      }
    }
  });

  it('runs a lone baseline', () => {
    expect(roundLayout(0, 3)).toEqual(['baseline']);
  });
});

import { describe, expect, it } from 'vitest';
import { neighbours, roundLayout, slotOrder } from '../../src/measure/child/layout.js';

describe('slotOrder', () => {
  it.each([1, 2, 3, 7])('gives each of %d variants one slot per round, and every place as often', (count) => {
    const places = Array.from({ length: count }, () => new Map<number, number>());
    for (let round = 0; round < 2 * count; round++) {
      const order = slotOrder(count, round);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      for (const [place, variant] of order.entries()) {
        places[place]?.set(variant, (places[place]?.get(variant) ?? 0) + 1);
      }
    }
    for (const counts of places) expect([...counts.values()]).toEqual(Array(count).fill(2));
  });

  it('lets every candidate run before the baseline and after it', () => {
    for (const count of [2, 3, 5]) {
      for (let candidate = 1; candidate < count; candidate++) {
        const sides = Array.from({ length: 2 * count }, (_, round) => {
          const order = slotOrder(count, round);
          return order.indexOf(candidate) > order.indexOf(0);
        });
        expect(new Set(sides).size).toBe(2);
      }
    }
  });
});

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

/**
 * The order of the variants (0 is the baseline) in one round of a process: each once, rotating from round to round, and backwards after a full turn. A
 * baseline that runs more often than the rest has its code and its branches warmer: of identical builds it came out 10 to 15 % faster in cases of many
 * short calls.
 */
export function slotOrder(variants: number, round: number): readonly number[] {
  const order = Array.from({ length: variants }, (_, place) => (place + round) % variants);
  return Math.floor(round / variants) % 2 === 0 ? order : order.reverse();
}

/** What runs next to what where every variant has a process of its own. */
export type Layout = readonly ('baseline' | number)[];

/**
 * The order of processes: every candidate (given by its position) stands directly beside a baseline, `B 0 1 B 2 3 B`, because drift lasts
 * seconds and only neighbours see the same machine. The candidates rotate from round to round, and after a full turn the
 * round runs backwards, so that no candidate always follows the same neighbour.
 */
export function roundLayout(candidates: number, round: number): Layout {
  if (candidates === 0) return ['baseline'];
  const layout: ('baseline' | number)[] = [];
  for (let place = 0; place < candidates; place++) {
    if (place % 2 === 0) layout.push('baseline');
    layout.push((place + round) % candidates);
  }
  if (candidates % 2 === 0) layout.push('baseline');
  return Math.floor(round / candidates) % 2 === 0 ? layout : layout.reverse();
}

/** For each candidate in a layout, its place and the place of the baseline beside it. */
export function neighbours(
  layout: readonly unknown[],
  isBaseline: (item: unknown) => boolean,
): [number, number][] {
  const pairs: [number, number][] = [];
  for (const [place, item] of layout.entries()) {
    if (isBaseline(item)) continue;
    if (place > 0 && isBaseline(layout[place - 1])) pairs.push([place, place - 1]);
    else if (place + 1 < layout.length && isBaseline(layout[place + 1])) pairs.push([place, place + 1]);
  }
  return pairs;
}

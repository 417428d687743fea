import { expect, it } from 'vitest';
import { chartDocument, panelsOf, svg } from '../../../src/dev/bench/chart.js';
import { fast, results, step } from './results-support.js';

it('draws the geometric mean first, then every addon', () => {
  expect(panelsOf(results).map(({ title }) => title)).toEqual(['geometric mean of 2 addons', 'fast', 'flat']);
  const one = { ...results, addons: { fast } };
  expect(panelsOf(one).map(({ title }) => title)).toEqual(['fast']);
});

it('is one document that loads nothing', () => {
  const html = chartDocument(results);
  expect(html).not.toMatch(/<(script|link|img)|\bsrc=|href=|url\(/);
  expect(html.match(/<svg/g)).toHaveLength(3);
  expect(html).toContain('a &lt;small> machine');
});

it('draws a curve with its band for every session, and a bar for every final build', () => {
  const drawn = svg({
    title: 'x',
    curves: { expert: [step(0, 1), step(5, 1.1)], random: [step(0, 1)] },
    finals: { stock: { ratio: 0.98, ci: [0.97, 0.99] } },
    trials: 10,
  });
  expect(drawn.match(/<polyline/g)).toHaveLength(2);
  expect(drawn.match(/<polygon/g)).toHaveLength(2);
  expect(drawn.match(/<circle/g)).toHaveLength(1);
  expect(drawn).toContain('<title>stock 0.980</title>');
  expect(drawn).not.toContain('NaN');
});

it('goes on at the last height to the last trial', () => {
  const drawn = svg({ title: 'x', curves: { expert: [step(0, 1), step(5, 1.1)] }, finals: {}, trials: 10 });
  const points = /<polyline points="([^"]*)"/.exec(drawn)?.[1]?.split(' ') ?? [];
  expect(points.map((point) => point.split(',')[0])).toEqual(['52.0', '226.0', '226.0', '400.0']);
  expect(points[3]?.split(',')[1]).toBe(points[2]?.split(',')[1]);
});

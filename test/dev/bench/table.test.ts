import { expect, it } from 'vitest';
import { markdownReport, speedupRows, trialRows } from '../../../src/dev/bench/table.js';
import { results } from './results-support.js';

it('gives every method that was measured a column, and the geometric mean the last row', () => {
  const [header, ...rows] = speedupRows(results);
  expect(header).toEqual(['addon', 'stock', 'PGO', 'random', 'expert', 'noise floor']);
  expect(rows.map(([name]) => name)).toEqual(['fast', 'flat', 'geometric mean']);
  expect(rows[0]?.[4]).toBe('1.210 [1.180, 1.250]');
  expect(rows[1]?.[2]).toBe('–');
  expect(rows[2]?.[4]).toMatch(/^1\.100 \[/);
});

it('says when a mean is not over all addons', () => {
  expect(speedupRows(results).at(-1)?.[2]).toMatch(/\(1 addons?\)$/);
});

it('says how many trials each policy needed, and how many it had', () => {
  expect(trialRows(results)).toEqual([
    ['addon', 'best known', 'random', 'expert'],
    ['fast', '1.200', '– (40)', '5 (40)'],
    ['flat', 'no gain', '– (40)', '– (22)'],
  ]);
});

it('names machine, compiler and date', () => {
  const report = markdownReport(results);
  expect(report).toContain('# Benchmark of 2026-11-21');
  expect(report).toContain('a <small> machine, 2 cores, clang 19.1.7.');
  expect(report).toContain('| addon | stock | PGO |');
});

it('has a report before anything was measured', () => {
  expect(markdownReport({ version: 1, machine: 'm', addons: {} })).toContain('# Benchmark of sessions');
});

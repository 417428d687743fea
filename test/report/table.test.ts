import { expect, it } from 'vitest';
import { levers } from '../../src/report/summary.js';
import { formatTable } from '../../src/report/table.js';

it('pads text to the left and numbers to the right', () => {
  expect(
    formatTable([
      ['file', 'speed'],
      ['a.c', '1.5×'],
      ['long.c', '12.5×'],
    ]),
  ).toBe(['file    speed', '─────────────', 'a.c      1.5×', 'long.c  12.5×'].join('\n'));
});

it('shows a profile by its first digits', () => {
  expect(levers({ 'pgo-ir': '0123456789abcdef'.repeat(4), 'slp-threshold': 3 })).toBe(
    'pgo-ir=01234567 slp-threshold=3',
  );
});

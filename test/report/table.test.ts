import { expect, it } from 'vitest';
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

import { expect, it } from 'vitest';
import type { LockMeasurement } from '../../src/lock/types.js';
import { withoutWeak } from '../../src/tune/decide-levels.js';
import { entry } from '../lock/entries.js';

const baseline = 'linux-glibc-x64/x86-64-v1';
const higher = 'linux-glibc-x64/x86-64-v3';
const measured = (vsStock: number): LockMeasurement => ({
  ...entry().measured,
  vsStock,
  vsStockCi: [vsStock - 0.05, vsStock + 0.05],
});

it.each([
  ['ahead by more than its interval', 1.3, 1.2, 1],
  ['ahead within its interval', 1.24, 1.2, 0],
  ['behind', 1.1, 1.2, 0],
])('an entry %s of the baseline entry counts or not', (_what, ratio, plain, count) => {
  const entries = [
    entry({ measured: measured(plain) }),
    entry({ target: higher, measured: measured(ratio) }),
  ];
  expect(withoutWeak({ version: 1, entries }, baseline).entries).toEqual(entries.slice(1, 1 + count));
});

it('an entry without one for the baseline is compared with the stock build', () => {
  const entries = [
    entry({ target: higher, measured: measured(1.1) }),
    entry({ target: higher, file: 'b.c', verdict: 'stock' }),
  ];
  expect(withoutWeak({ version: 1, entries }, baseline).entries).toEqual(entries.slice(0, 1));
});

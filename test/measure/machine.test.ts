import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busyness, pinning } from '../../src/measure/machine.js';

describe('pinning', () => {
  it('chooses the core that is least busy', () => {
    const cores = new Map([
      [0, 0.9],
      [3, 0.1],
      [5, 0.4],
    ]);
    const pin = pinning({ load: 1, cores, busy: false }, { PATH: ['/usr/bin', '/bin'].join(delimiter) });
    expect(pin.slice(1)).toEqual(['-c', '3']);
  });

  it('does without where there is no taskset, or no knowledge of the cores', () => {
    expect(pinning({ load: 1, cores: new Map([[0, 0]]), busy: false }, { PATH: '/nowhere' })).toEqual([]);
    expect(pinning({ load: 1, cores: new Map(), busy: false }, process.env)).toEqual([]);
  });
});

describe('busyness', () => {
  it('sees a share between 0 and 1 for every core', async () => {
    const { cores } = await busyness(50);
    for (const share of cores.values()) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });
});

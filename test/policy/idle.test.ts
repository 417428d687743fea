import { expect, test } from 'vitest';
import type { Configuration } from '../../src/levers/types.js';
import { idleIn } from '../../src/policy/expert/idle.js';
import type { PolicyTrial } from '../../src/policy/types.js';

const trial = (configuration: Configuration, speedup: number): PolicyTrial => ({
  configuration,
  origin: 'rule',
  outcome: 'faster',
  speedup,
  ci: [speedup - 0.01, speedup + 0.01],
});
const jumps = { 'min-jump-table-entries': 16 };

test('an edit that gave the code of what it was put on is idle', () => {
  const idle = idleIn([trial(jumps, 1.15), trial({ ...jumps, 'fno-vectorize': true }, 1.15)]);
  expect(idle.edit({ 'fno-vectorize': true })).toBe(true);
  expect(idle.edit(jumps)).toBe(false);
});

test('an edit that gave other code is not', () => {
  const idle = idleIn([trial(jumps, 1.15), trial({ ...jumps, 'fno-vectorize': true }, 1.1500001)]);
  expect(idle.edit({ 'fno-vectorize': true })).toBe(false);
});

test('a value that gave the code of another one is told by the pair, in both directions', () => {
  const idle = idleIn([
    trial({ ...jumps, 'fno-plt': true }, 1.15),
    trial({ 'min-jump-table-entries': 64, 'fno-plt': true }, 1.15),
  ]);
  expect(idle.value('min-jump-table-entries', 16, 64)).toBe(true);
  expect(idle.value('min-jump-table-entries', 64, 16)).toBe(true);
  expect(idle.value('min-jump-table-entries', 16, 8)).toBe(false);
});

test('configurations that differ in several levers tell nothing of one', () => {
  const idle = idleIn([
    trial({ ...jumps, 'fno-plt': true }, 1.15),
    trial({ 'min-jump-table-entries': 64, 'fno-vectorize': true }, 1.15),
  ]);
  expect(idle.value('min-jump-table-entries', 16, 64)).toBe(false);
  expect(idle.edit({ 'fno-plt': true })).toBe(false);
});

test('trials without numbers say nothing', () => {
  const unmeasured = ({ configuration, origin }: PolicyTrial): PolicyTrial => ({
    configuration,
    origin,
    outcome: 'refused',
  });
  const idle = idleIn([trial(jumps, 1.15), trial({ ...jumps, 'fno-plt': true }, 1.15)].map(unmeasured));
  expect(idle.edit({ 'fno-plt': true })).toBe(false);
});

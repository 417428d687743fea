import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { variantFile, variantOf } from '../../src/build/dispatch-files.js';
import { appliedTargets, variantTargets } from '../../src/target/applied.js';
import { isaLevels } from '../../src/target/isa.js';

const haswell = {
  os: 'linux',
  libc: 'glibc',
  arch: 'x64',
  levels: ['x86-64-v3', 'x86-64-v2', 'x86-64-v1'],
  cpus: [],
} as const;
const levelsOf = (targets: readonly string[]) =>
  targets.map((target) => target.replace('linux-glibc-x64/x86-64-', ''));

it.each([
  ['baseline', ['v1']],
  ['dispatch', ['v1']],
  ['host', ['v3', 'v2', 'v1']],
  ['x86-64-v2', ['v2', 'v1']],
  ['x86-64-v4', ['v3', 'v2', 'v1']],
  ['armv8.2-a', ['v1']],
  ['nonsense', ['v1']],
])('with "isa": "%s" a build on a Haswell is for %j', (isa, levels) => {
  expect(levelsOf(appliedTargets(haswell, isa))).toEqual(levels);
});

it('makes variants for all levels above the baseline, on Linux', () => {
  expect(levelsOf(variantTargets(haswell))).toEqual(['v4', 'v3', 'v2']);
  expect(variantTargets({ ...haswell, os: 'darwin' })).toEqual([]);
});

it('names variants so that they sort behind the addon', () => {
  const files = Object.values(isaLevels)
    .flat()
    .map((level) => variantFile('/p/addon.node', level));
  expect(['/p/addon.node', ...files].sort()[0]).toBe('/p/addon.node');
  expect(files).toContain('/p/addon.x86-64-v3.node');
  expect(new Set(files.map(variantOf))).toEqual(new Set(['/p/addon.node']));
  expect(variantOf('/p/addon.node')).toBeUndefined();
});

it('knows the levels that the dispatcher knows, in the same order', () => {
  const source = readFileSync(
    fileURLToPath(new URL('../../templates/dispatch/dispatch.c', import.meta.url)),
    'utf8',
  );
  const named = [...source.matchAll(/^ {4}\{"([\w.-]+)",/gm)].map((match) => match[1]);
  expect(named).toEqual([...isaLevels.x64, ...isaLevels.arm64]);
});

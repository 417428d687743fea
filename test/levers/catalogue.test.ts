import { expect, test } from 'vitest';
import { catalogue } from '../../src/levers/catalogue.js';
import { gateOf, worksOn } from '../../src/levers/gates.js';
import { gccLevel } from '../../src/levers/gcc.js';
import { leverNotes } from '../../src/levers/notes.js';
import { renderConfiguration } from '../../src/levers/render.js';
import type { Lever, LeverValue, RenderTarget } from '../../src/levers/types.js';

const targets: readonly RenderTarget[] = [
  { arch: 'x64', major: 16, profiles: '.' },
  { arch: 'x64', major: 19, profiles: '.', gcc: true },
  { arch: 'arm64', major: 22, profiles: '.' },
];

/** Every listed value of a lever in the form that its shape asks for. */
function valuesOf(lever: Lever): readonly LeverValue[] {
  switch (lever.shape) {
    case 'scalar':
      return lever.values;
    case 'functions':
      return [['_Z3sumPKdi']];
    case 'function-map':
      return lever.values.map((value) => ({ _Z3sumPKdi: value }));
    case 'loop-map':
      return lever.values.map((value) => ({ '_Z3sumPKdi|0.1|0123abcd': value }));
    case 'passes':
      return [...catalogue.values()].filter((one) => one.shape === 'pass').map((one) => [one.id]);
    case 'profile':
      return ['a'.repeat(64)];
    case 'pass':
    case 'none':
      return [];
  }
}

test('the catalogue holds all 500 levers, each with a note', () => {
  expect(catalogue.size).toBe(500);
  expect([...catalogue.keys()].filter((id) => !leverNotes.has(id))).toEqual([]);
});

test('every allowed lever renders every listed value without placeholders, spaces or empty arguments', () => {
  let rendered = 0;
  const bad: unknown[] = [];
  for (const target of targets) {
    for (const lever of catalogue.values()) {
      const arch = target.arch === 'x64' ? 'x86-64' : 'aarch64';
      if (gateOf(lever, target) !== 'allowed' || !worksOn(lever, target.major)) continue;
      const isGcc = lever.kind === 'gcc-flag';
      if (isGcc && !target.gcc) continue;
      if (lever.target !== 'any' && lever.target !== arch) continue;
      for (const value of valuesOf(lever)) {
        const configuration = { ...(isGcc && { [gccLevel]: '-O3' }), [lever.id]: value };
        const result = renderConfiguration(configuration, { allow: [] }, target);
        if (!result.ok) {
          // A listed value may be refused only where another lever or the architecture is what refuses it.
          if (result.problems.some(({ reason }) => !/pass:|AArch64|processor/.test(reason))) bad.push(result);
          continue;
        }
        rendered += 1;
        const { plan } = result;
        const args =
          plan.kind === 'flags' ? plan.args : [...plan.frontArgs, ...(plan.optArgs ?? []), ...plan.backArgs];
        const edits = plan.kind === 'flags' ? 0 : plan.hints.length + (plan.thinLto ? 1 : 0);
        if (args.length + edits === 0) bad.push({ id: lever.id, value });
        bad.push(...args.filter((arg) => !/^(?:[-+][\w+=.:,;<>()-]+|a{16}\.gcda\/)$/.test(arg)));
      }
    }
  }
  expect(bad).toEqual([]);
  expect(rendered).toBeGreaterThan(1500);
});

test('no opt-in or blocked lever renders without being allowed by name', () => {
  const reached = targets.flatMap((target) =>
    [...catalogue.values()]
      .filter((lever) => gateOf(lever, target) !== 'allowed')
      .filter((lever) =>
        [...valuesOf(lever), true].some(
          (value) => renderConfiguration({ [lever.id]: value }, { allow: [] }, target).ok,
        ),
      ),
  );
  expect(reached.map(({ id }) => id)).toEqual([]);
});

test('levers that need the link or a training run stay out of reach even when allowed by name', () => {
  const ids = [
    'flto',
    'pgo-generate',
    'fbasic-block-sections',
    'force-attribute',
    'bolt',
    'attr:target-features',
  ];
  for (const id of ids) {
    for (const value of [true, '-flto=thin', 'f:noinline', ['f'], { f: '+avx2' }]) {
      const result = renderConfiguration({ [id]: value }, { allow: [id] }, { arch: 'x64', major: 19 });
      expect(result).toMatchObject({ ok: false, problems: [{ id }] });
    }
  }
});

test('a lever seen on 19 and 22 works on 20 and 23 but not on 18', () => {
  const lever = catalogue.get('funcspec-max-clones') as Lever;
  expect([16, 18, 19, 20, 22, 23].filter((major) => worksOn(lever, major))).toEqual([19, 20, 22, 23]);
  const gone = catalogue.get('misched-topdown') as Lever;
  expect([16, 17, 19, 20, 22].filter((major) => worksOn(gone, major))).toEqual([16, 17, 19]);
});

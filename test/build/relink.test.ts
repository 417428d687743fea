import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/build/parse-command.js';
import { linkedObjects, relink } from '../../src/build/relink.js';
import { seededShuffle } from '../../src/build/seeded-shuffle.js';
import type { BuildRecord } from '../../src/build/types.js';

const root = '/pkg';
const cwd = '/pkg/build';

function record(...commands: string[]): BuildRecord {
  const parsed = commands.map((text) => parseCommand({ cwd, argv: text.split(' ') }, root));
  return {
    packageRoot: root,
    compiles: [],
    links: parsed.filter((command) => command?.kind !== 'compile' && command !== undefined),
  } as BuildRecord;
}

const gyp = record(
  'ar crsT o/inner.a i.o j.o',
  'ar crs o/helper.a h.o o/inner.a',
  'g++ -o o/a.node -shared -Wl,--start-group a.o b.o o/helper.a -Wl,--end-group -Wl,--dependency-file=link.d -lm',
  'g++ -o o/other.node -shared c.o',
);
const output = '/pkg/build/o/a.node';

describe('relink', () => {
  it('only links when the replaced object is linked directly', () => {
    const { steps, output: made } = relink(gyp, {
      replacements: new Map([['/pkg/build/b.o', '/w/b.o']]),
      output,
      into: '/into',
    });
    expect(made).toBe('/into/a.node');
    expect(steps).toEqual([
      {
        cwd,
        output: made,
        argv: 'g++ -o /into/a.node -shared -Wl,--start-group a.o /w/b.o o/helper.a -Wl,--end-group -lm'.split(
          ' ',
        ),
      },
    ]);
  });

  it('appends extra arguments to the link and not to the archives', () => {
    const { steps } = relink(gyp, {
      replacements: new Map([['/pkg/build/j.o', '/w/j.o']]),
      output,
      into: '/into',
      extra: ['runtime.a'],
    });
    expect(steps.map(({ argv }) => argv.at(-1))).toEqual(['/w/j.o', '/into/1-inner.a', 'runtime.a']);
  });

  it('keeps the symbols where that is asked for', () => {
    const stripped = record('g++ -o o/a.node -shared -s a.o -Wl,--strip-all');
    const options = { replacements: new Map(), output, into: '/into' };
    const argvOf = (more: object): readonly string[] | undefined =>
      relink(stripped, { ...options, ...more }).steps[0]?.argv;
    expect(argvOf({})).toEqual('g++ -o /into/a.node -shared -s a.o -Wl,--strip-all'.split(' '));
    expect(argvOf({ keepSymbols: true })).toEqual('g++ -o /into/a.node -shared a.o'.split(' '));
  });

  it('makes the archives between a replaced object and the addon anew', () => {
    const { steps } = relink(gyp, {
      replacements: new Map([['/pkg/build/j.o', '/w/j.o']]),
      output,
      into: '/into',
    });
    expect(steps.map(({ argv }) => argv.join(' '))).toEqual([
      'ar crsT /into/1-inner.a i.o /w/j.o',
      'ar crs /into/0-helper.a h.o /into/1-inner.a',
      'g++ -o /into/a.node -shared -Wl,--start-group a.o b.o /into/0-helper.a -Wl,--end-group -lm',
    ]);
  });

  it('links the same objects in another order for a placebo', () => {
    const plain = relink(gyp, { replacements: new Map(), output, into: '/into' }).steps.at(-1)?.argv ?? [];
    const { steps } = relink(gyp, { replacements: new Map(), output, into: '/into', shuffleSeed: 3 });
    const last = steps.at(-1)?.argv ?? [];
    expect(last.filter((word) => word.endsWith('.o'))).toEqual(['b.o', 'a.o']);
    expect(last.length).toBe(plain.length);
    expect(last.indexOf('-Wl,--start-group')).toBe(plain.indexOf('-Wl,--start-group'));
    expect(steps[0]?.argv).toEqual(['ar', 'crsT', '/into/1-inner.a', 'j.o', 'i.o']);
  });

  it('names the next step when the addon was not recorded', () => {
    expect(() => relink(gyp, { replacements: new Map(), output: '/pkg/x.node', into: '/into' })).toThrow(
      /No recorded link command/,
    );
  });
});

describe('linkedObjects', () => {
  it('follows archives and leaves out what belongs to other addons', () => {
    const objects = [...linkedObjects(gyp, gyp.links[2] as never)].filter((name) => name.endsWith('.o'));
    expect(objects.map((name) => name.slice(cwd.length + 1)).sort()).toEqual([
      'a.o',
      'b.o',
      'h.o',
      'i.o',
      'j.o',
    ]);
  });
});

describe('seededShuffle', () => {
  it('is a permutation that depends on the seed alone and is never the given order', () => {
    const items = [1, 2, 3, 4];
    for (let seed = 0; seed < 50; seed++) {
      const shuffled = seededShuffle(items, seed);
      expect([...shuffled].sort()).toEqual(items);
      expect(shuffled).not.toEqual(items);
      expect(seededShuffle(items, seed)).toEqual(shuffled);
    }
    expect(seededShuffle([1], 1)).toEqual([1]);
  });
});

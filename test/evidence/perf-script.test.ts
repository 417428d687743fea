import { describe, expect, it } from 'vitest';
import type { AddonBinary } from '../../src/build/find-binaries.js';
import type { CompileCommand, LinkCommand } from '../../src/build/types.js';
import type { ElfFunction } from '../../src/evidence/elf.js';
import { parsePerfLine } from '../../src/evidence/perf-script.js';
import type { OpenBinary } from '../../src/evidence/samples.js';
import { countSamples } from '../../src/evidence/samples.js';
import { shareWarnings } from '../../src/evidence/score-warnings.js';
import { captured } from './captured.js';

const events = captured('perf/node-zopfli.txt')
  .split('\n')
  .map(parsePerfLine)
  .filter((event) => event !== undefined);

const link: LinkCommand = {
  kind: 'link',
  cwd: '/p/build',
  argv: [],
  output: '/p/build/Release/obj.target/node-zopfli.node',
  inputs: [],
};

function command(name: string): CompileCommand {
  const base = { kind: 'compile', cwd: '/p/build', argv: [], compilerIndex: 0, language: 'c' } as const;
  return {
    ...base,
    source: `/p/src/${name}.c`,
    output: `/p/build/${name}.o`,
    file: `src/${name}.c`,
    object: `${name}.o`,
  };
}

/** The functions of the captured process at the addresses they had. */
function openZopfli(loaded: string): OpenBinary {
  const functions: ElfFunction[] = [
    { name: 'BoundaryPM', address: 0x16090, size: 0x140, binding: 'local', sourceName: 'katajainen.c' },
    { name: 'ZopfliFindLongestMatch', address: 0x17480, size: 0x500, binding: 'global' },
  ];
  const binary: AddonBinary = { link, loaded, copies: [loaded] };
  return {
    binary,
    images: new Map([
      ['', { segments: [{ offset: 0x8000, address: 0x8000, fileSize: 0x31000 }], functions, table: 'full' }],
    ]),
    linked: {
      objects: [
        { command: command('katajainen'), functions: functions.slice(0, 1) },
        { command: command('lz77'), functions: functions.slice(1) },
      ],
      unreadable: [],
    },
  };
}

const sameName = (path: string, binary: AddonBinary): boolean =>
  path.endsWith(binary.loaded.split('/').pop() ?? '');

describe('perf script', () => {
  it('is read line by line into mappings and samples', () => {
    const lines = captured('perf/node-zopfli.txt')
      .split('\n')
      .filter((line) => line !== '');
    expect(events).toHaveLength(lines.length);
    expect(
      events.find((event) => event.kind === 'mapping' && event.mapping.path.endsWith('node-zopfli.node')),
    ).toEqual({
      kind: 'mapping',
      mapping: {
        pid: 8784,
        start: 0x7fa50d15c000,
        size: 0x31000,
        fileOffset: 0x8000,
        path: '/home/user/package/node_modules/node-zopfli/build/Release/node-zopfli.node',
      },
    });
  });

  it('keeps spaces in paths and parentheses in names, and forgets what is not a sample', () => {
    expect(parsePerfLine('  12   7f0000001000 operator()(int) (/a b/c (d)/x.node)')).toEqual({
      kind: 'sample',
      sample: { pid: 12, address: 0x7f0000001000, symbol: 'operator()(int)', path: '/a b/c (d)/x.node' },
    });
    expect(parsePerfLine(' 7488 12921.024118489:      7fb033af6b82 f (/x.node)')).toMatchObject({
      sample: { pid: 7488, time: 12_921_024_118_489, address: 0x7fb033af6b82, symbol: 'f' },
    });
    expect(
      parsePerfLine(' 1 PERF_RECORD_MMAP2 1/1: [0x1000(0x2000) @ 0 fe:00 1 0]: r-xp /tmp/x.node (deleted)'),
    ).toMatchObject({ mapping: { path: '/tmp/x.node', fileOffset: 0 } });
    expect(parsePerfLine(' 5 7f00 [unknown] ([unknown])')).toMatchObject({ sample: { symbol: '' } });
    expect(parsePerfLine('# a comment')).toBeUndefined();
  });
});

describe('attributing samples', () => {
  it('gives them to the functions and units of a copy of the addon', () => {
    const tally = countSamples(events, [openZopfli('/elsewhere/node-zopfli.node')], sameName);
    const shares = [...tally.functions].map(([unit, counts]) => [unit.file, Object.fromEntries(counts)]);
    const inFile = events.filter(
      (event) => event.kind === 'sample' && event.sample.path.endsWith('.node'),
    ).length;
    const named = (name: string): number =>
      events.filter((event) => event.kind === 'sample' && event.sample.symbol === name).length;
    expect(tally.inAddon).toBe(inFile);
    expect(Object.fromEntries(shares)).toEqual({
      'src/katajainen.c': { BoundaryPM: named('BoundaryPM') },
      'src/lz77.c': { ZopfliFindLongestMatch: named('ZopfliFindLongestMatch') },
    });
    expect(named('BoundaryPM')).toBeGreaterThan(10);
  });

  it('tells the cases of the bench apart by the time', () => {
    const mapping = {
      pid: 1,
      start: 0x400000,
      size: 0x1000,
      fileOffset: 0x16000,
      path: '/x/node-zopfli.node',
    };
    const at = (time: number, address: number) =>
      ({ kind: 'sample', sample: { pid: 1, time, address, symbol: '', path: mapping.path } }) as const;
    const [inside, outside] = [0x400090, 0x900000];
    const tally = countSamples(
      [
        { kind: 'mapping', mapping },
        ...[5, 12, 15].map((time) => at(time, inside)),
        ...[21, 22, 29, 35].map((time) => at(time, time === 22 ? outside : inside)),
      ],
      [openZopfli('/x/node-zopfli.node')],
      sameName,
      [
        { case: 'first', begin: 10, end: 20 },
        { case: 'second', begin: 20, end: 30 },
      ],
    );
    // What was sampled at 5 and 35 belongs to no case.
    expect(tally.total).toBe(7);
    const found = [...tally.cases].map(([name, { total, functions }]) => [
      name,
      total,
      [...functions.values()].map((counts) => Object.fromEntries(counts)),
    ]);
    expect(found).toEqual([
      ['first', 2, [{ BoundaryPM: 2 }]],
      ['second', 3, [{ BoundaryPM: 2 }]],
    ]);
  });

  it('counts only from when the addon was loaded', () => {
    const tally = countSamples(events, [openZopfli('/x/node-zopfli.node')], sameName);
    const samples = events.filter((event) => event.kind === 'sample').length;
    expect(tally.total).toBeLessThan(samples);
    expect(tally.inAddon / tally.total).toBeGreaterThan(0.6);
  });

  it('warns when the benchmark never loads the addon', () => {
    const open = openZopfli('/x/other.node');
    const tally = countSamples(events, [open], sameName);
    expect(tally).toMatchObject({ total: 0, inAddon: 0, loaded: false });
    expect(shareWarnings(tally, 0, [open])).toEqual([
      'the benchmark never loaded other.node: is there a JavaScript fallback?',
    ]);
  });

  it('warns when the addon is hardly used, and when node runs its own copy of a function', () => {
    const path = '/usr/bin/node';
    const start = 0x400000;
    const mapping = { pid: 1, start, size: 0x1000, fileOffset: 0x16000, path: '/x/node-zopfli.node' };
    const sample = (address: number, symbol: string) =>
      ({ kind: 'sample', sample: { pid: 1, address, symbol, path } }) as const;
    const open = openZopfli('/x/node-zopfli.node');
    const run = [
      { kind: 'mapping', mapping } as const,
      ...Array.from({ length: 97 }, () => sample(0x900000, 'ZopfliFindLongestMatch')),
      ...Array.from({ length: 3 }, () => sample(start + 0x90, '')),
    ];
    const tally = countSamples(run, [open], sameName);
    const [share, interposed] = shareWarnings(tally, tally.inAddon / tally.total, [open]);
    expect(share).toContain('only 3.0 %');
    expect(interposed).toContain(
      '97 % of the time is in functions of node that the addon defines too (ZopfliFindLongestMatch)',
    );
    expect(interposed).toContain('-Wl,-Bsymbolic');
  });
});

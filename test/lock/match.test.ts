import { expect, test } from 'vitest';
import { matchEntries } from '../../src/lock/match.js';
import { entry } from './entries.js';

const v1 = 'linux-glibc-x64/x86-64-v1';
const v3 = 'linux-glibc-x64/x86-64-v3';
const arm = 'linux-glibc-arm64/armv8-a';
const newer = { vendor: 'llvm', version: '22.1.8', major: 22 } as const;

test('the best level that the machine runs is chosen for each file and object', () => {
  const entries = [
    entry({ target: v1 }),
    entry({ target: v3 }),
    entry({ target: arm }),
    entry({ file: 'src/b.c', object: 'x/b.o', target: v1 }),
    entry({ file: 'src/b.c', object: 'y/b.o', target: v3 }),
  ];
  const { chosen, unfit } = matchEntries({ version: 1, entries }, { targets: [v3, v1], majors: [19] });
  expect(chosen).toEqual([entries[1], entries[3], entries[4]]);
  expect(unfit).toEqual([]);
});

test('an entry whose compiler is absent gives way to a lower level, and is named', () => {
  const entries = [entry({ target: v1 }), entry({ target: v3, compiler: newer })];
  const { chosen, unfit } = matchEntries({ version: 1, entries }, { targets: [v3, v1], majors: [19, 16] });
  expect(chosen).toEqual([entries[0]]);
  expect(unfit).toEqual([
    {
      entry: entries[1],
      reason:
        'tuned with clang 22, but only 19 and 16 were found; install clang 22 or tune again: npx autopass tune',
    },
  ]);
});

test('without any compiler the reason says so', () => {
  const { chosen, unfit } = matchEntries({ version: 1, entries: [entry()] }, { targets: [v1], majors: [] });
  expect(chosen).toEqual([]);
  expect(unfit[0]?.reason).toContain('none was found');
});

test('entries for other machines are reported once per file, with what this machine is', () => {
  const entries = [entry({ target: arm }), entry({ target: v3 })];
  const { chosen, unfit } = matchEntries({ version: 1, entries }, { targets: [v1], majors: [19] });
  expect(chosen).toEqual([]);
  expect(unfit.map(({ reason }) => reason)).toEqual([
    `tuned for ${arm}, ${v3}, but this build is for ${v1} (see "isa"); to tune for it: npx autopass tune`,
  ]);
});

test("Apple's majors are not LLVM's", () => {
  const apple = entry({ compiler: { vendor: 'apple', version: '19.0.0', major: 19 } });
  const options = { targets: [v1], majors: [19] };
  expect(matchEntries({ version: 1, entries: [apple] }, options).chosen).toEqual([]);
  expect(matchEntries({ version: 1, entries: [apple] }, { ...options, appleMajors: [19] }).chosen).toEqual([
    apple,
  ]);
});

test("an entry for the project's gcc needs a gcc of its major, and no clang", () => {
  const levers = { 'gcc:O-level': '-O3' };
  const gnu = entry({ compiler: { vendor: 'gnu', version: '12.2.0', major: 12 }, levers });
  const lock = { version: 1, entries: [gnu] } as const;
  expect(matchEntries(lock, { targets: [v1], majors: [], gccMajors: [13, 12] }).chosen).toEqual([gnu]);
  const { chosen, unfit } = matchEntries(lock, { targets: [v1], majors: [12], gccMajors: [13] });
  expect(chosen).toEqual([]);
  expect(unfit[0]?.reason).toContain('tuned with gcc 12, but only 13 was found');
});

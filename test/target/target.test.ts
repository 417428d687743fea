import { expect, test } from 'vitest';
import { matchEntries } from '../../src/lock/match.js';
import { detectHost, machineOf, runnableTargets } from '../../src/target/host.js';
import { buildMachine } from '../../src/target/machine.js';
import { misfit } from '../../src/target/misfit.js';
import { formatTarget, parseTarget, requireTarget, tripleOf } from '../../src/target/target.js';
import { entry } from '../lock/entries.js';

const v2 = ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'];
const v3 = [...v2, 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'];
const armv82 = ['fp', 'asimd', 'crc32', 'atomics', 'asimdrdm', 'fphp', 'asimdhp', 'dcpop', 'asimddp'];

const five = [
  'linux-glibc-x64/x86-64-v1',
  'linux-glibc-x64/x86-64-v3',
  'linux-glibc-arm64/armv8-a',
  'linux-glibc-arm64/armv8-a@cortex-a53',
  'linux-glibc-arm64/armv8.2-a',
];
const lock = { version: 1, entries: five.map((target) => entry({ target })) } as const;

/** Which of the five targets a machine uses. */
function choiceOf(targets: readonly string[]): string | undefined {
  const { chosen } = matchEntries(lock, { targets, majors: [19] });
  expect(chosen.length).toBeLessThan(2);
  return chosen[0]?.target;
}

function pc(features: string[], glibc = true): string[] {
  return runnableTargets(
    detectHost({ platform: 'linux', arch: 'x64', cpuinfo: `flags\t: ${features.join(' ')}\n`, glibc }),
  );
}

/** Cores by their part numbers, as a board's /proc/cpuinfo lists them. */
function board(features: string[], ...parts: string[]): string[] {
  const core = (part: string) =>
    `Features\t: ${features.join(' ')}\nCPU implementer\t: 0x41\nCPU part\t: ${part}\n\n`;
  const cpuinfo = parts.map(core).join('');
  return runnableTargets(detectHost({ platform: 'linux', arch: 'arm64', cpuinfo, glibc: true }));
}

test('targets are read and written the same, and a missing level means the one of every processor', () => {
  for (const name of [...five, 'linux-musl-arm64/armv9-a', 'darwin-arm64/armv8-a']) {
    const target = parseTarget(name);
    expect(target && formatTarget(target)).toBe(name);
  }
  expect(formatTarget(requireTarget('linux-glibc-arm64'))).toBe('linux-glibc-arm64/armv8-a');
  expect(formatTarget(requireTarget('linux-musl-x64'))).toBe('linux-musl-x64/x86-64-v1');
  expect(tripleOf(requireTarget('linux-glibc-arm64'))).toBe('aarch64-linux-gnu');
  expect(tripleOf(requireTarget('linux-musl-x64'))).toBe('x86_64-linux-musl');
});

test('what is no target is refused, with what would be one', () => {
  const hintOf = (name: string): string | undefined => {
    try {
      requireTarget(name);
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
    return undefined;
  };
  for (const name of ['arm64', 'linux-arm64', 'linux-glibc-arm64 -fplugin=x', 'linux-glibc-x64@cortex-a53'])
    expect(parseTarget(name)).toBeUndefined();
  expect(hintOf('arm64')).toContain('linux-glibc-arm64');
  expect(hintOf('linux-glibc-arm64/armv7')).toContain('armv8.2-a, armv8.1-a, armv8-a');
  expect(hintOf('linux-glibc-arm64@pentium')).toContain('neoverse-n1');
  expect(hintOf('linux-glibc-x64/v3')).toContain('x86-64-v3');
});

test('a lock with five targets gives each machine the best one that it runs', () => {
  expect(choiceOf(pc(v3))).toBe('linux-glibc-x64/x86-64-v3');
  expect(choiceOf(pc(v2))).toBe('linux-glibc-x64/x86-64-v1');
  expect(choiceOf(pc(v3, false))).toBeUndefined();
  expect(choiceOf(board(armv82, '0xd0b'))).toBe('linux-glibc-arm64/armv8.2-a');
  expect(choiceOf(board(['fp', 'asimd', 'crc32'], '0xd08'))).toBe('linux-glibc-arm64/armv8-a');
  expect(choiceOf(board(['fp', 'asimd', 'crc32'], '0xd03', '0xd03'))).toBe(
    'linux-glibc-arm64/armv8-a@cortex-a53',
  );
});

test('a machine of two kinds of cores is tuned for the stronger one first', () => {
  expect(board(['fp', 'asimd'], '0xd03', '0xd08')).toEqual([
    'linux-glibc-arm64/armv8-a@cortex-a72',
    'linux-glibc-arm64/armv8-a@cortex-a53',
    'linux-glibc-arm64/armv8-a',
  ]);
});

test('a cross build chooses on behalf of the least machine of its target', () => {
  const chosen = (name: string) => choiceOf(runnableTargets(machineOf(requireTarget(name))));
  expect(chosen('linux-glibc-arm64')).toBe('linux-glibc-arm64/armv8-a');
  expect(chosen('linux-glibc-arm64@cortex-a53')).toBe('linux-glibc-arm64/armv8-a@cortex-a53');
  expect(chosen('linux-glibc-arm64/armv8.4-a')).toBe('linux-glibc-arm64/armv8.2-a');
  expect(chosen('linux-glibc-x64/x86-64-v2')).toBe('linux-glibc-x64/x86-64-v1');
  expect(chosen('linux-musl-arm64')).toBeUndefined();
});

test('why a target is not for a machine is told in its terms', () => {
  const a72 = board(['fp', 'asimd', 'crc32'], '0xd08');
  expect(five.map((target) => misfit(target, a72))).toEqual([
    'made for linux-glibc-x64, and the machine is linux-glibc-arm64',
    'made for linux-glibc-x64, and the machine is linux-glibc-arm64',
    undefined,
    'tuned for cortex-a53 cores, and the machine has none',
    'needs armv8.2-a, and the machine runs armv8-a at most',
  ]);
});

test('the environment of a cross build names its target, and a wrong name is an error', () => {
  expect(buildMachine({}).cross).toBeUndefined();
  expect(buildMachine({ AUTOPASS_TARGET: 'linux-glibc-arm64' })).toMatchObject({
    targets: ['linux-glibc-arm64/armv8-a'],
    cross: { target: 'linux-glibc-arm64/armv8-a', triple: 'aarch64-linux-gnu' },
  });
  expect(() => buildMachine({ AUTOPASS_TARGET: 'arm64' })).toThrow('"arm64" is no target');
});

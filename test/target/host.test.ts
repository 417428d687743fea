import { describe, expect, it } from 'vitest';
import {
  baselineTarget,
  detectHost,
  type HostFacts,
  runnableTargets,
  wantedTarget,
} from '../../src/target/host.js';

const haswell =
  'fpu cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 avx avx2 bmi1 bmi2 f16c fma abm movbe xsave'.split(' ');
const skylakeServer = [...haswell, 'avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'];

function linux(arch: string, ...cores: string[][]): HostFacts {
  const key = arch === 'x64' ? 'flags' : 'Features';
  const cpuinfo = cores.map((flags) => `processor : 0\n${key}\t\t: ${flags.join(' ')}\n`).join('\n');
  return { platform: 'linux', arch, cpuinfo, glibc: true };
}

describe('detectHost', () => {
  it('climbs the x86-64 levels as far as the processor has every feature', () => {
    expect(detectHost(linux('x64', skylakeServer)).levels).toEqual([
      'x86-64-v4',
      'x86-64-v3',
      'x86-64-v2',
      'x86-64-v1',
    ]);
    expect(detectHost(linux('x64', haswell)).levels[0]).toBe('x86-64-v3');
    expect(
      detectHost(
        linux(
          'x64',
          haswell.filter((flag) => flag !== 'movbe'),
        ),
      ).levels[0],
    ).toBe('x86-64-v2');
    expect(detectHost(linux('x64', ['fpu'])).levels).toEqual(['x86-64-v1']);
  });

  it('takes only what every core of the machine has', () => {
    expect(detectHost(linux('x64', skylakeServer, haswell)).levels[0]).toBe('x86-64-v3');
  });

  it('does not skip a level that is missing below a higher one', () => {
    expect(
      detectHost(
        linux(
          'x64',
          skylakeServer.filter((flag) => flag !== 'ssse3'),
        ),
      ).levels,
    ).toEqual(['x86-64-v1']);
  });

  it('reads the features of ARM processors', () => {
    const a76 = 'fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm dcpop asimddp'.split(
      ' ',
    );
    expect(detectHost(linux('arm64', a76)).levels).toEqual(['armv8.2-a', 'armv8.1-a', 'armv8-a']);
    expect(detectHost(linux('arm64', ['fp', 'asimd', 'crc32'])).levels).toEqual(['armv8-a']);
  });

  it('ignores features that /proc/cpuinfo lists under the key of another architecture', () => {
    const host = detectHost({ ...linux('x64', skylakeServer), arch: 'arm64' });
    expect(host).toMatchObject({ levels: ['armv8-a'], cpus: [] });
  });

  it('names targets by system, library, architecture and level, best first', () => {
    const host = detectHost({ ...linux('x64', haswell), glibc: false });
    expect(runnableTargets(host)[0]).toBe('linux-musl-x64/x86-64-v3');
    expect(baselineTarget(host)).toBe('linux-musl-x64/x86-64-v1');
    const mac = detectHost({ platform: 'darwin', arch: 'arm64', cpuinfo: '', glibc: false });
    expect(runnableTargets(mac)).toEqual(['darwin-arm64/armv8-a']);
  });

  it('takes the ISA level that a config asks for, and only one that the machine runs', () => {
    const host = {
      os: 'linux',
      libc: 'glibc',
      arch: 'x64',
      levels: ['x86-64-v3', 'x86-64-v2', 'x86-64-v1'],
      cpus: [],
    } as const;
    const wanted = ['baseline', 'host', 'x86-64-v2'].map((isa) => wantedTarget(host, isa));
    expect(wanted).toEqual(['v1', 'v3', 'v2'].map((level) => `linux-glibc-x64/x86-64-${level}`));
    expect(() => wantedTarget(host, 'x86-64-v4')).toThrow('x86-64-v4');
    expect(() => wantedTarget(host, '-fplugin=evil.so')).toThrow('does not run');
  });

  it('recognises the machine that runs this test', () => {
    const host = detectHost();
    expect(host.os).toBe(process.platform);
    expect(host.levels.length).toBeGreaterThan(0);
  });
});

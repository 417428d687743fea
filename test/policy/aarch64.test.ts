import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Remark } from '../../src/evidence/types.js';
import { renderConfiguration } from '../../src/levers/render.js';
import type { Configuration } from '../../src/levers/types.js';
import { createExpert } from '../../src/policy/expert/expert.js';
import { tuningCpus } from '../../src/target/cpus.js';
import { runCommand, temporaryFolder, testClang } from '../build/support.js';
import { assemblyOf, evidenceOf } from '../evidence/captured.js';
import { inputOf } from './support.js';

const remark = (pass: string, name: string, args: Record<string, string> = {}): Remark => ({
  kind: 'Missed',
  pass,
  name,
  function: 'hash',
  location: { file: 'loops.c', line: 2, column: 3 },
  args,
  count: 1,
});

/** A loop that stayed as it was, one that was vectorised, selects and a jump table. */
const evidence = evidenceOf(
  [
    remark('loop-vectorize', 'MissedDetails'),
    remark('loop-vectorize', 'Vectorized', { VectorizationFactor: '4', InterleaveCount: '2' }),
  ],
  [assemblyOf('hash', { branches: 12, cmov: 4, indirectJumps: 1, divisions: 1, vector: 8 })],
);
const expert = createExpert({ hostTune: 'znver4' });
const propose = async (changes: Parameters<typeof inputOf>[1]): Promise<Configuration[]> =>
  (await expert.propose(inputOf(evidence, changes))).map(({ configuration }) => configuration);

describe('the expert on ARM64', () => {
  it('begins with the core of the target, then with the unrolling that generic code lacks', async () => {
    const [first, second] = await propose({ arch: 'arm64', cpu: 'cortex-a57' });
    expect(first).toEqual({ 'mtune-aarch64': 'cortex-a57' });
    expect(second).toEqual({ 'unroll-runtime': true, 'unroll-max-count': 4 });
    const begin = await propose({});
    expect(begin).not.toContainEqual(second);
    expect(begin.map((configuration) => Object.keys(configuration)[0])).not.toContain('mtune-aarch64');
  });

  it('does not tune for the processor of the machine that it runs on', async () => {
    const all = await propose({ arch: 'arm64', batch: 300 });
    const cores = all.flatMap((configuration) => configuration['mtune-aarch64'] ?? []);
    expect(cores).toContain('neoverse-n1');
    expect(cores).not.toContain('znver4');
    const host = (await propose({ batch: 300 })).flatMap((configuration) => configuration['mtune-x86'] ?? []);
    expect(host[0]).toBe('znver4');
  });

  it('proposes prefetching for cores that wait for memory, and for no others', async () => {
    const prefetches = async (cpu: string): Promise<boolean> =>
      (await propose({ arch: 'arm64', cpu, batch: 300 })).some((one) => 'prefetch-distance' in one);
    expect(await prefetches('cortex-a53')).toBe(true);
    expect(await prefetches('cortex-a76')).toBe(false);
  });
});

describe('levers of the ARM64 rules on a real compiler', () => {
  const source = `
typedef unsigned long size;
unsigned hash(const unsigned char *p, size n) { unsigned h = 5381; for (size i = 0; i < n; i++) h = h * 33 + p[i]; return h; }
void scale(float *restrict y, const float *restrict x, float a, size n) { for (size i = 0; i < n; i++) y[i] += a * x[i]; }
double strided(const double *p, size n, size step) { double s = 0; for (size i = 0; i < n; i++) s += p[i * step]; return s; }
int search(const int *a, int n, int key) { int low = 0; while (n > 1) { int half = n / 2; low = a[low + half] <= key ? low + half : low; n -= half; } return low; }
void merge(int *a, int *b, int *c, size n) { for (size i = 0; i < n; i++) { if (a[i] > b[i]) c[i] = a[i]; else c[i] = b[i] + 1; } }
int run(int code, int a, int b) {
  switch (code) {
    case 0: return a + b; case 1: return a - b; case 2: return a * b; case 3: return a ^ b; case 4: return a & b;
    case 5: return a | b; case 6: return a << 1; case 7: return b << 1; case 8: return a / (b | 1); case 9: return ~a;
    case 10: return ~b; case 11: return a % (b | 1); case 12: return a * a; case 13: return b * b; case 14: return a + 7;
    default: return 0;
  }
}
`;
  const changing: readonly Configuration[] = [
    { 'mtune-aarch64': 'cortex-a55' },
    { 'unroll-runtime': true, 'unroll-max-count': 2 },
    { 'force-vector-interleave': 4 },
    { 'prefetch-distance': 128 },
    { 'aarch64-enable-early-ifcvt': false },
    { 'enable-misched': false },
    { 'aarch64-enable-compress-jump-tables': false },
  ];
  let folder: string;
  let plain: Buffer;

  const compile = async (configuration: Configuration): Promise<Buffer> => {
    const { cc, major } = await testClang();
    const rendered = renderConfiguration(configuration, { allow: [] }, { arch: 'arm64', major });
    if (!rendered.ok || rendered.plan.kind !== 'flags') throw new Error(JSON.stringify(rendered));
    const args = ['--target=aarch64-linux-gnu', '-O3', '-fPIC', ...rendered.plan.args];
    const ran = await runCommand([cc, ...args, '-c', 'loops.c', '-o', 'loops.o'], { cwd: folder });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    return readFile(path.join(folder, 'loops.o'));
  };

  beforeAll(async () => {
    folder = await temporaryFolder('aarch64');
    await writeFile(path.join(folder, 'loops.c'), source);
    plain = await compile({});
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('name every core that a target can name', async () => {
    const { cc } = await testClang();
    for (const cpu of tuningCpus) {
      const args = ['--target=aarch64-linux-gnu', `-mtune=${cpu}`, '-###', '-c', 'loops.c'];
      expect(await runCommand([cc, ...args], { cwd: folder }), cpu).toMatchObject({ code: 0 });
    }
  });

  it('change the code', async () => {
    const inert: Configuration[] = [];
    for (const configuration of changing) {
      if ((await compile(configuration)).equals(plain)) inert.push(configuration);
    }
    expect(inert).toEqual([]);
  });
});

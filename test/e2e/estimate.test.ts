import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.js';
import { countExecutions, type ExecutionCounts } from '../../src/measure/estimate/count.js';
import { buildCounter } from '../../src/measure/estimate/counter.js';
import { createEstimator, type Estimator } from '../../src/measure/estimate/estimator.js';
import { scoreByCounts } from '../../src/measure/estimate/score.js';
import type { MeasureResult } from '../../src/measure/types.js';
import type { Clang } from '../../src/toolchain/types.js';
import { temporaryFolder, testClang } from '../build/support.js';
import { arm64Node } from './arm64-node.js';
import { countFunctions } from './count-functions.js';
import { type EstimatedVariant, type EstimatePackage, makeEstimatePackage } from './estimate-package.js';

const arm64 = 'aarch64-linux-gnu';
const x64 = 'x86_64-linux-gnu';

let pkg: EstimatePackage;
let cache: string;
let clang: Clang;

beforeAll(async () => {
  pkg = await makeEstimatePackage();
  // A comma has a meaning for the emulator.
  cache = await temporaryFolder('counter, cache');
  clang = await testClang();
});

afterAll(async () => {
  await rm(pkg.target.packageRoot, { recursive: true });
  await rm(cache, { recursive: true });
});

/** Counts without the estimator, which would remember. */
async function countAfresh(node: readonly string[], variant: EstimatedVariant): Promise<ExecutionCounts> {
  const counter = await buildCounter({ cacheFolder: `${cache}/autopass` });
  const end = await countExecutions({ ...pkg.target, node, inputs: 'tune', counter }, [variant]);
  if (end.kind === 'failed') throw new Error(end.detail);
  return end.variants[0] ?? {};
}

function request(node: readonly string[], baseline: EstimatedVariant, ...candidates: EstimatedVariant[]) {
  const rest = { inputs: 'tune', goal: 'race', seed: 1, logger: silentLogger } as const;
  return { ...pkg.target, node, baseline, candidates, ...rest };
}

describe('ARM64 under an emulator', () => {
  let node: readonly string[];
  let estimator: Estimator;
  let baseline: EstimatedVariant;
  let result: MeasureResult;
  let counts: ExecutionCounts;

  beforeAll(async () => {
    node = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', await arm64Node()];
    const cpu = 'cortex-a72';
    estimator = await createEstimator({ clang, triple: arm64, cpu, env: { XDG_CACHE_HOME: cache } });
    baseline = await pkg.variant('arm64', arm64, ['-O3']);
    const twice = await pkg.variant('twice', arm64, ['-O3', '-DWORK=2']);
    const plain = await pkg.variant('plain', arm64, ['-O0']);
    result = await estimator.estimateVariants(request(node, baseline, twice, plain));
    counts = await estimator.countVariant({ ...pkg.target, node, inputs: 'tune' }, baseline);
  });

  it('estimates that twice the work takes twice the time, and that -O0 is slower', () => {
    expect(result).toMatchObject({ estimate: true, processes: 1, mode: 'in-process', sameInputs: false });
    expect(result.warnings).toEqual([expect.stringContaining('estimate for cortex-a72')]);
    const [twice, plain] = result.results;
    expect(twice).toMatchObject({ id: 'twice', outcome: 'slower' });
    expect(twice?.ratio).toBeGreaterThan(0.45);
    expect(twice?.ratio).toBeLessThan(0.55);
    expect(plain).toMatchObject({ id: 'plain', outcome: 'slower', ci: [plain?.ratio, plain?.ratio] });
    expect(plain?.ratio).toBeLessThan(0.8);
    expect(Object.keys(plain?.cases ?? {})).toEqual(['long', 'short']);
  });

  it('counts the same again', async () => {
    expect(await countAfresh(node, baseline)).toEqual(counts);
  });

  it('counts one call of each case, by function', async () => {
    const long = await countFunctions(counts.long ?? []);
    const short = await countFunctions(counts.short ?? []);
    expect([...long.keys()][0]).toBe('mix');
    // The same loop over 20000 and over 1000 bytes; what surrounds it is the same in both.
    const perByte = ((long.get('mix') ?? 0) - (short.get('mix') ?? 0)) / 19_000;
    expect(perByte).toBe(Math.round(perByte * 8) / 8);
    expect(perByte).toBeGreaterThan(2);
    expect(long.get('call')).toBe(short.get('call'));
  });

  it('scores units and functions by their counts', async () => {
    const { record, addon } = baseline;
    const score = await scoreByCounts({ record, binaries: [addon], counts });
    expect(score).toMatchObject({ source: 'counts', addonShare: undefined, warnings: [] });
    const [hot, cold] = score.units;
    expect(hot).toMatchObject({ command: { file: 'mix.c' }, hot: [{ name: 'mix' }] });
    expect(hot?.share).toBeGreaterThan(0.9);
    expect(cold?.command.file).toBe('addon.c');
  });
});

describe('x86-64 under an emulator', () => {
  it('counts the same again, AVX2 included, and fails only the variant that crashes', async () => {
    const node = ['qemu-x86_64', '-cpu', 'max', process.execPath];
    const estimator = await createEstimator({
      ...{ clang, triple: x64, cpu: 'x86-64-v3' },
      env: { XDG_CACHE_HOME: cache },
    });
    const baseline = await pkg.variant('x64', x64, ['-O3', '-march=x86-64-v3']);
    const crash = await pkg.variant('crash', x64, ['-O3', '-DCRASH']);
    const { results } = await estimator.estimateVariants(request(node, baseline, crash));
    expect(results[0]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('"long"'),
    });
    const counts = await estimator.countVariant({ ...pkg.target, node, inputs: 'tune' }, baseline);
    expect(await countAfresh(node, baseline)).toEqual(counts);
  });
});

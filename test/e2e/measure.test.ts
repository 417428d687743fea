import { readdirSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.js';
import { measureVariants } from '../../src/measure/measure.js';
import type { MeasureRequest, Variant } from '../../src/measure/types.js';
import { makePackage, type PackageOptions, type TestPackage } from './measure-packages.js';

const made: TestPackage[] = [];

function packageOf(options: PackageOptions = {}): TestPackage {
  const result = makePackage(options);
  made.push(result);
  return result;
}

afterEach(() => {
  for (const { root } of made.splice(0)) rmSync(root, { recursive: true });
});

function measure(pkg: TestPackage, candidates: readonly Variant[], more: Partial<MeasureRequest> = {}) {
  return measureVariants({
    packageRoot: pkg.root,
    bench: pkg.bench,
    inputs: 'tune',
    baseline: pkg.variant('baseline'),
    candidates,
    goal: 'screen',
    sliceMs: 4,
    roundsPerProcess: 6,
    seed: 1,
    workDir: pkg.workDir,
    logger: silentLogger,
    ...more,
  });
}

describe('measureVariants', () => {
  it('tells a slower, an identical and a broken build apart in shared processes', async () => {
    const pkg = packageOf();
    const candidates = [
      pkg.variant('double', { WORK: 2 }),
      pkg.variant('same'),
      pkg.variant('crash', { CRASH: 1 }),
      pkg.variant('half-slower', { WORK: 3 }),
    ];
    const { results, mode, sameInputs, warnings, processes, elapsedMs } = await measure(pkg, candidates);
    console.log(JSON.stringify({ results, mode, sameInputs, warnings, processes, elapsedMs }, null, 1));
    expect(mode).toBe('in-process');
    expect(readdirSync(pkg.workDir)).toEqual([]);
  });
});

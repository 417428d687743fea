import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/log.js';
import { measureVariants } from '../../src/measure/measure.js';
import { profileCommand } from '../../src/measure/profile.js';
import { runProcess } from '../../src/measure/run-process.js';
import type { MeasureRequest, MeasureResult, Variant } from '../../src/measure/types.js';
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

function measure(
  pkg: TestPackage,
  candidates: readonly Variant[],
  more: Partial<MeasureRequest> = {},
): Promise<MeasureResult> {
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

const esmFiles = {
  'package.json': '{"name": "test-addon", "type": "module", "exports": "./index.js"}',
  'index.js': "export { hash } from './native.js';",
  'native.js': `import { createRequire } from 'node:module';
    const addon = createRequire(import.meta.url)('./build/Release/addon.node');
    export const hash = addon.hash;`,
};

const lazyFiles = {
  'package.json': '{"name": "test-addon"}',
  'index.js': `let addon;
    exports.hash = (data) => (addon ??= require('./build/Release/addon.node')).hash(data);`,
};

/** Refuses to be loaded by a second copy of itself, as addons with process-wide state do. */
const onceFiles = {
  'package.json': '{"name": "test-addon"}',
  'index.js': `globalThis.loadedAddon ??= require('./build/Release/addon.node');
    module.exports = globalThis.loadedAddon;`,
};

describe('measureVariants', () => {
  it('tells slower, equal and broken builds apart in shared processes', async () => {
    const pkg = packageOf();
    const candidates = [
      pkg.variant('much-slower', { WORK: 16 }),
      pkg.variant('same', { WORK: 2 }),
      pkg.variant('crash', { CRASH: 1 }),
    ];
    const result = await measure(pkg, candidates, {
      baseline: pkg.variant('baseline', { WORK: 2 }),
      roundsPerProcess: 10,
    });
    const [muchSlower, same, crash] = result.results;
    expect(muchSlower).toMatchObject({ id: 'much-slower', outcome: 'slower' });
    expect(crash).toMatchObject({
      id: 'crash',
      outcome: 'failed',
      detail: expect.stringContaining('SIGABRT'),
    });
    expect(same?.ratio).toBeGreaterThan(muchSlower?.ratio ?? Number.NaN);
    expect(Object.keys(same?.cases ?? {})).toEqual(['hash', 'short']);
    expect(result).toMatchObject({ mode: 'in-process', sameInputs: false });
    expect(readdirSync(pkg.workDir)).toEqual([]);
  });

  it.each([
    ['an ES module whose own modules load the addon', esmFiles],
    ['a package that loads its addon at the first call', lazyFiles],
  ])('loads every variant of %s into one process', async (_, files) => {
    const pkg = packageOf({ files });
    const { results, mode } = await measure(pkg, [pkg.variant('triple', { WORK: 8 })]);
    expect(mode).toBe('in-process');
    expect(results[0]).toMatchObject({ outcome: 'slower' });
  });

  it('loads an addon that registers itself from a static constructor twice, from two copies', async () => {
    const pkg = packageOf({ source: 'old' });
    const { results, mode } = await measure(pkg, [pkg.variant('same')], { maxProcesses: 1 });
    expect(mode).toBe('in-process');
    expect(results[0]?.processes).toBe(1);
  });

  it('does not let variants share the static data of inline functions', async () => {
    const pkg = packageOf({ source: 'sharedData' });
    const { results } = await measure(pkg, [pkg.variant('triple', { WORK: 8 })]);
    expect(results[0]).toMatchObject({ outcome: 'slower' });
  });

  it('gives every variant a process of its own when the addon cannot be loaded twice', async () => {
    const pkg = packageOf({ files: onceFiles });
    const candidates = [pkg.variant('triple', { WORK: 8 }), pkg.variant('crash', { CRASH: 1 })];
    const { results, mode, warnings } = await measure(pkg, candidates);
    expect(mode).toBe('process-only');
    expect(warnings.join()).toContain('loaded twice');
    expect(results.map(({ outcome }) => outcome)).toEqual(['slower', 'failed']);
  });

  it('fails a candidate that hangs, after the time-out', async () => {
    const pkg = packageOf();
    const { results } = await measure(pkg, [pkg.variant('hang', { HANG: 1 })], { timeoutMs: 10_000 });
    expect(results[0]).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('killed after') });
  });

  it('throws when the baseline itself fails', async () => {
    const pkg = packageOf();
    const baseline = pkg.variant('crash', { CRASH: 1 });
    const running = measure(pkg, [pkg.variant('fine')], { baseline });
    await expect(running).rejects.toMatchObject({ code: 'BASELINE_FAILED' });
    expect(readdirSync(pkg.workDir)).toEqual([]);
  });

  it('leaves neither files nor processes behind when aborted', async () => {
    const pkg = packageOf();
    const abort = new AbortController();
    const running = measure(pkg, [pkg.variant('hang', { HANG: 1 })], { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('stop')), 1500);
    await expect(running).rejects.toThrow('stop');
    expect(readdirSync(pkg.workDir)).toEqual([]);
    expect(processesNaming(pkg.workDir)).toEqual([]);
  });

  it('times a command as a whole, with the variant in the place of the loaded file', async () => {
    const script =
      "const b = Buffer.alloc(4e6); const { hash } = require('.'); for (let i = 0; i < 30; i++) hash(b)";
    const pkg = packageOf({ command: [process.execPath, '-e', script] });
    const { results, mode, sameInputs } = await measure(pkg, [pkg.variant('much-slower', { WORK: 12 })]);
    expect(results[0]).toMatchObject({ outcome: 'slower' });
    expect({ mode, sameInputs }).toEqual({ mode: 'process-only', sameInputs: true });
  });

  it('fails a command that does not load the addon', async () => {
    const pkg = packageOf({ command: [process.execPath, '-e', '0'] });
    const running = measure(pkg, [pkg.variant('any')]);
    await expect(running).rejects.toThrow('without loading the addon');
  });
});

describe('profileCommand', () => {
  it("runs the variant's own file for the wanted time", async () => {
    const pkg = packageOf();
    const variant = pkg.variant('profiled');
    const command = await profileCommand({
      packageRoot: pkg.root,
      bench: pkg.bench,
      inputs: 'tune',
      variant,
      durationMs: 300,
      workDir: pkg.workDir,
    });
    const end = await runProcess({ ...command, timeoutMs: 60_000 });
    expect(end.code).toBe(0);
    expect(end.elapsedNs).toBeGreaterThan(300e6);
  });
});

/** Command lines of running processes that name a path. */
function processesNaming(path: string): string[] {
  const commandLine = (pid: string) => {
    try {
      return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(path));
}

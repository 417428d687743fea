import { readdirSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Variant } from '../../src/measure/types.js';
import { type ProbeResult, probeBench } from '../../src/verify/probe.js';
import { createVerifier, type Verification } from '../../src/verify/verify.js';
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

function verify(pkg: TestPackage, macros: Record<string, number>, timeoutMs?: number): Promise<Verification> {
  return verifyVariant(pkg, pkg.variant('candidate', macros), timeoutMs);
}

async function verifyVariant(
  pkg: TestPackage,
  candidate: Variant,
  timeoutMs?: number,
): Promise<Verification> {
  const verdicts = await verifyAll(pkg, [candidate], timeoutMs);
  return verdicts.get(candidate.id) as Verification;
}

function verifyAll(
  pkg: TestPackage,
  candidates: readonly Variant[],
  timeoutMs = 60_000,
): Promise<Map<string, Verification>> {
  const { root: packageRoot, bench, workDir } = pkg;
  const reference = pkg.variant('reference');
  return createVerifier({ packageRoot, bench, reference, workDir, timeoutMs }).verify(candidates);
}

function probe(pkg: TestPackage, macros: Record<string, number> = {}): Promise<ProbeResult> {
  const baseline = pkg.variant('baseline', macros);
  return probeBench({ packageRoot: pkg.root, bench: pkg.bench, baseline, workDir: pkg.workDir });
}

describe('a verifier', () => {
  it('finds another build of the same code equal', async () => {
    const pkg = packageOf();
    expect(await verify(pkg, { WORK: 200 })).toEqual({ outcome: 'equal' });
    expect(readdirSync(pkg.workDir)).toEqual([]);
  });

  it('catches a sabotaged build, whose function returns 0', async () => {
    const result = await verify(packageOf(), { SABOTAGE: 1 });
    expect(result).toMatchObject({
      outcome: 'incorrect',
      case: 'hash',
      detail: expect.stringContaining('got 0'),
    });
  });

  it('tells the signal and the case of a crash', async () => {
    const result = await verify(packageOf(), { CRASH: 1 });
    expect(result).toMatchObject({
      outcome: 'crashed',
      signal: 'SIGABRT',
      detail: expect.stringContaining('"hash"'),
    });
  });

  it('kills a build that hangs', async () => {
    expect(await verify(packageOf(), { HANG: 1 }, 5000)).toMatchObject({ outcome: 'timed-out' });
  });

  it('sees that a build which cannot be loaded was replaced by a JavaScript fallback', async () => {
    const pkg = packageOf({
      files: {
        'package.json': '{"name": "test-addon"}',
        'index.js':
          "try { module.exports = require('./build/Release/addon.node') } catch { module.exports = { hash: () => 1 } }",
      },
    });
    // A binary in form, so that it comes to loading; it needs a symbol that nobody has.
    const result = await verifyVariant(pkg, pkg.variant('broken', { MISSING: 1 }));
    expect(result.outcome).toBe('not-loaded');
  });

  it('judges each of several candidates by its own fault', async () => {
    const pkg = packageOf();
    const candidates = [
      pkg.variant('good', { WORK: 200 }),
      pkg.variant('crashing', { CRASH: 1 }),
      pkg.variant('wrong', { SABOTAGE: 1 }),
      pkg.variant('exporting', { EXPORTED: 1 }),
    ];
    const verdicts = await verifyAll(pkg, candidates);
    expect([...verdicts].map(([id, { outcome }]) => [id, outcome])).toEqual([
      ['good', 'equal'],
      ['crashing', 'crashed'],
      ['wrong', 'incorrect'],
      ['exporting', 'incorrect'],
    ]);
    expect(verdicts.get('exporting')).toMatchObject({ detail: 'newly exported: additional' });
  });

  it('compares what a command prints', async () => {
    const script = "console.log(require('.').hash(Buffer.from('abc')))";
    const pkg = packageOf({ command: [process.execPath, '-e', script] });
    expect(await verify(pkg, {})).toMatchObject({ outcome: 'equal' });
    expect(await verify(pkg, { SABOTAGE: 1 })).toMatchObject({ outcome: 'incorrect' });
  });
});

describe('probeBench', () => {
  it('finds nothing wrong with a good bench', async () => {
    expect(await probe(packageOf())).toMatchObject({
      cases: ['hash', 'short'],
      sameInputs: false,
      mapped: true,
      canLoadTwice: true,
      emptyCases: [],
    });
    expect((await probe(packageOf())).problem).toBeUndefined();
  });

  it('lets a bench make its inputs with Math.random', async () => {
    const bench = `export default (addon) => {
      const data = Buffer.from(Array.from({ length: 99 }, () => Math.random() * 256));
      return { hash: () => addon.hash(data) };
    };`;
    const result = await probe(packageOf({ bench }));
    expect(result.problem).toBeUndefined();
    expect(result.sameInputs).toBe(true);
  });

  it('sees a package that falls back to JavaScript', async () => {
    const files = { 'package.json': '{"name": "p"}', 'index.js': 'exports.hash = (data) => data.length;' };
    expect(await probe(packageOf({ files }))).toMatchObject({
      mapped: false,
      problem: { kind: 'not-mapped' },
    });
  });

  it('sees outputs that differ between runs of one build', async () => {
    expect((await probe(packageOf(), { RANDOM: 1 })).problem).toMatchObject({
      kind: 'nondeterministic',
      case: 'hash',
    });
  });

  it('sees that an addon cannot be loaded twice', async () => {
    const files = {
      'package.json': '{"name": "p"}',
      'index.js': "module.exports = globalThis.once ??= require('./build/Release/addon.node');",
    };
    expect(await probe(packageOf({ files }))).toMatchObject({ mapped: true, canLoadTwice: false });
  });

  it.each([
    ['an addon that crashes', {}, { CRASH: 1 }, 'crashed'],
    [
      'a package that cannot be required',
      { files: { 'package.json': '{}', 'index.js': 'throw 1' } },
      {},
      'load-failed',
    ],
    ['a bench without a default export', { bench: 'export const a = 1' }, {}, 'invalid-bench'],
    ['a bench without cases', { bench: 'export default () => ({})' }, {}, 'no-cases'],
    [
      'a bench that throws',
      { bench: 'export default () => ({ a() { throw new Error("no") } })' },
      {},
      'bench-throws',
    ],
    [
      'cases without outputs',
      { bench: 'export default (a) => ({ a() { a.hash(Buffer.alloc(9)) } })' },
      {},
      'empty-outputs',
    ],
  ])('names the problem of %s', async (_, options, macros, kind) => {
    const { problem } = await probe(packageOf(options), macros);
    expect(problem?.kind).toBe(kind);
  });
});

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execEnvironment } from '../../src/build/exec-environment.js';
import { findAddonBinaries } from '../../src/build/find-binaries.js';
import { loadRecord } from '../../src/build/record.js';
import { sync } from '../../src/build/sync.js';
import type { BuildRecord, CompileCommand } from '../../src/build/types.js';
import { fetchAddon } from '../../src/dev/corpus.js';
import { evidenceChange } from '../../src/evidence/compare.js';
import { gatherEvidence } from '../../src/evidence/gather.js';
import { renderEvidence } from '../../src/evidence/render.js';
import { type Score, scoreTranslationUnits } from '../../src/evidence/score.js';
import { silentLogger } from '../../src/log.js';
import { createExpert } from '../../src/policy/expert/expert.js';
import type { Clang } from '../../src/toolchain/types.js';
import { temporaryFolder, testClang } from '../build/support.js';
import { build, makeApplyFolder, nodeGyp, removePackage } from './build-support.js';

let apply: string;
let folder: string;
let root: string;
let clang: Clang;
let record: BuildRecord;
let scored: Score;

const profiled = `
const lz4 = require(process.argv[2]);
const input = Buffer.from(Array.from({ length: 200000 }, (_, i) => 97 + ((i * i * 7) >> (i % 11)) % 23));
const end = Date.now() + 2500;
while (Date.now() < end) lz4.encode(input, { highCompression: true });
`;

/** Maxima along a row of a table: clang takes some of them for predictable. */
const gaps = `
int gaps(const int *a, const int *b, int n, int open, int extend) {
  int gap = -1000000, top = 0;
  for (int i = 0; i < n; i++) {
    int longer = gap - extend;
    int fresh = a[i] - open;
    gap = longer > fresh ? longer : fresh;
    int score = b[i] + gap;
    if (score > top) top = score;
    if (top < a[i]) top = a[i] + i;
  }
  return top;
}
`;

beforeAll(async () => {
  apply = await makeApplyFolder();
  folder = await temporaryFolder('evidence');
  root = await fetchAddon('lz4', folder);
  clang = await testClang();
  await sync({ packageRoot: root, env: process.env, logger: silentLogger });
  const env = execEnvironment({ packageRoot: root, buildSystem: 'node-gyp', env: {}, folder: apply });
  await build([...nodeGyp, 'rebuild'], root, env);
  record = await loadRecord(root);
  await writeFile(path.join(folder, 'profile.cjs'), profiled);
  scored = await score();
});

afterAll(async () => {
  await removePackage(folder);
  await removePackage(apply);
});

async function score(changes: { path?: string } = {}): Promise<Score> {
  const argv = [process.execPath, path.join(folder, 'profile.cjs'), root];
  const env = { ...(changes.path === undefined ? {} : { PATH: changes.path }) };
  const binaries = await findAddonBinaries(record);
  const profile = { argv, cwd: folder, env };
  return scoreTranslationUnits({
    ...{ packageRoot: root, record, binaries, profile, clang, logger: silentLogger },
    workDir: path.join(folder, 'work'),
  });
}

describe('a real addon', () => {
  it('is scored by where its benchmark spends the time, whatever compiler built it', () => {
    const { units, addonShare, source, warnings } = scored;
    expect(warnings).toEqual([]);
    expect(source).toBe('perf');
    expect(addonShare).toBeGreaterThan(0.1);
    expect(units[0]?.command.file).toBe('deps/lz4/lib/lz4hc.c');
    expect(units[0]?.share).toBeGreaterThan(0.5);
    expect(units.reduce((sum, unit) => sum + unit.share, 0)).toBeCloseTo(1, 6);
    for (const { name } of units[0]?.hot ?? []) expect(name).toMatch(/^[A-Za-z_]\w*$/);
  });

  it('is ranked by code size where perf is missing, and says so', async () => {
    const saved = process.env.PATH;
    process.env.PATH = path.join(folder, 'empty');
    try {
      const { units, addonShare, source, warnings } = await score();
      expect({ source, addonShare }).toEqual({ source: 'text-size', addonShare: undefined });
      expect(warnings).toEqual([expect.stringContaining('perf is not installed')]);
      expect(units.map(({ command }) => path.basename(command.file))).toContain('lz4hc.c');
    } finally {
      process.env.PATH = saved;
    }
  });

  it('gives remarks and code of its hot functions, and differences between two configurations', async () => {
    const [unit] = scored.units;
    if (unit === undefined) throw new Error('nothing was scored');
    const request = { ...unit, clang, workDir: path.join(folder, 'work') };
    const plain = await gatherEvidence({ ...request, flags: [], loops: true });
    expect(plain.sources).toEqual({ remarks: 'used', assembly: 'used', perf: 'used', loops: 'used' });
    const names = new Set(plain.hot.map(({ name }) => name));
    expect(plain.remarks.length).toBeGreaterThan(20);
    expect(plain.remarks.every((remark) => names.has(remark.function))).toBe(true);
    expect(plain.assembly[0]?.bytes).toBeGreaterThan(plain.assembly[0]?.instructions ?? 0);
    expect(renderEvidence(plain)).toContain('lz4hc.c');
    const inner = plain.loops?.filter(({ innermost }) => innermost) ?? [];
    expect(inner.length).toBeGreaterThan(3);
    expect(
      inner.every(({ function: name, key }) => names.has(name) && /\|[\d.]+\|[0-9a-f]{8}$/.test(key)),
    ).toBe(true);

    const small = await gatherEvidence({
      ...request,
      flags: ['-mllvm', '-inline-threshold=0', '-fno-vectorize'],
    });
    const change = evidenceChange(plain, small);
    expect(change.vectorizedLoops).toBeLessThanOrEqual(0);
    expect(change).not.toEqual({
      growth: 1,
      stackAccesses: 0,
      spills: 0,
      vector: 0,
      calls: 0,
      vectorizedLoops: 0,
    });

    const proposals = await createExpert().propose({
      ...{ scope: 'unit', arch: 'x64', major: clang.major, language: 'c' },
      ...{ incumbent: {}, history: [], allow: [], batch: 5 },
      evidence: plain,
    });
    expect(proposals).toHaveLength(5);
  });

  it('counts the conditional moves that x86 code has no more', async () => {
    const source = path.join(folder, 'gaps.c');
    await writeFile(source, gaps);
    const output = path.join(folder, 'gaps.o');
    const command: CompileCommand = {
      kind: 'compile',
      argv: ['cc', '-O3', '-c', source, '-o', output],
      ...{ cwd: folder, compilerIndex: 0, language: 'c', source, output, file: 'gaps.c', object: output },
    };
    const request = { command, clang, flags: [], share: 1, hot: [{ name: 'gaps', share: 1 }] };
    const workDir = path.join(folder, 'work');
    const counted = await gatherEvidence({ ...request, workDir, branchedSelects: true });
    const kept = await gatherEvidence({
      ...request,
      workDir,
      flags: ['-mllvm', '-x86-cmov-converter=false'],
    });
    const [code, keeping] = [counted.assembly[0], kept.assembly[0]];
    expect(code?.branchedSelects).toBeGreaterThan(0);
    expect((code?.cmov ?? 0) + (code?.branchedSelects ?? 0)).toBe(keeping?.cmov);
    expect(keeping).not.toHaveProperty('branchedSelects');
    expect(renderEvidence(counted)).toContain(`${code?.branchedSelects} that became branches`);
  });

  it('does not fail when clang does', async () => {
    const [unit] = scored.units;
    if (unit === undefined) throw new Error('nothing was scored');
    const request = {
      ...unit,
      clang,
      workDir: path.join(folder, 'work'),
      flags: ['-mllvm', '-no-such-option'],
    };
    const evidence = await gatherEvidence(request);
    expect(evidence.sources.remarks).toContain('clang failed');
    expect(evidence.remarks).toEqual([]);
  });
});

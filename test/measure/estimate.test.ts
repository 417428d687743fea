import { describe, expect, it } from 'vitest';
import { parseInstructions } from '../../src/evidence/disassemble-range.js';
import { compareEstimates } from '../../src/measure/estimate/compare-estimates.js';
import { parseCountReport } from '../../src/measure/estimate/count-report.js';
import { executedBlocks } from '../../src/measure/estimate/executed-blocks.js';
import { type BlockWeights, weighBlocks } from '../../src/measure/estimate/weigh.js';
import { testClang } from '../build/support.js';
import { captured } from '../evidence/captured.js';

const report = parseCountReport(captured('counts/qemu-7.2-aarch64.txt'));
const secondVariant = '/package/work/count 1/bench-1/0/v1/0/addon.node';
/** Of a function with two loops one after the other, in the file that was counted as the second variant. */
const code = parseInstructions(captured('counts/llvm-objdump-19-aarch64.txt'));
/** The segment of the code lies this much higher in memory than in the file. */
const segment = 0x10000;

describe('the report of the counting plugin', () => {
  it('has the executed blocks of every phase and file, by offset', () => {
    expect([...report.keys()]).toEqual([1, 2, 3, 4]);
    const long = report.get(3);
    expect([...(long?.keys() ?? [])]).toEqual([secondVariant]);
    const blocks = long?.get(secondVariant) ?? [];
    expect(blocks).toHaveLength(14);
    expect(blocks[2]).toEqual({ offset: 2340, bytes: 20, instructions: 5, executions: 19_999 });
    expect(blocks.map(({ offset }) => offset)).toEqual(
      blocks.map(({ offset }) => offset).sort((a, b) => a - b),
    );
  });

  it('keeps a phase in which nothing was executed', () => {
    expect(parseCountReport('target aarch64\nphase 1\nphase 2\n')).toEqual(
      new Map([
        [1, new Map()],
        [2, new Map()],
      ]),
    );
  });
});

it('reads instructions so that assemblers take them', () => {
  expect(code.map(({ text }) => text)).toContain('subs x11, x11, #0x1');
  expect(code.find(({ text }) => text === 'cbz x1, 0')).toEqual({
    address: 0x10910,
    text: 'cbz x1, 0',
    target: 0x1094c,
  });
  const x86 = parseInstructions('    1392:      \tleaq\t-0x10be(%rip), %rcx     # 0x310 <memset+0x310>\n');
  expect(x86).toEqual([{ address: 0x1392, text: 'leaq -0x10be(%rip), %rcx' }]);
});

it('adds up the overlapping blocks of the emulator and divides them at loops', () => {
  const spans = (report.get(3)?.get(secondVariant) ?? []).map(({ offset, bytes, executions }) => ({
    start: offset + segment,
    end: offset + segment + bytes,
    executions,
  }));
  const blocks = executedBlocks(code, spans);
  expect(blocks.map(({ instructions, executions }) => [instructions.length, executions])).toEqual([
    [8, 1],
    [5, 20_000],
    [5, 20_000],
    [1, 1],
  ]);
});

describe('weighing', () => {
  it('knows latency from throughput, and leaves out what llvm-mca cannot take', async () => {
    const weights: BlockWeights = new Map();
    const chain = 'mul x0, x0, x1';
    const independent = 'mul x0, x2, x1';
    const options = { clang: await testClang(), triple: 'aarch64-linux-gnu', cpu: 'cortex-a72' };
    await weighBlocks([chain, 'no such instruction', independent], weights, options);
    expect(weights.get('no such instruction')).toBeUndefined();
    expect(weights.get(chain)).toBeGreaterThan(weights.get(independent) ?? Number.NaN);
    const alone = 'add x0, x0, x1';
    await weighBlocks([alone], weights, options);
    expect(weights.get(alone)).toBeCloseTo(1, 1);
    // Beside a block of which nothing is left, too.
    const beside = 'add x2, x2, x1';
    await weighBlocks(['no such thing', beside], weights, options);
    expect(weights.get('no such thing')).toBeUndefined();
    expect(weights.get(beside)).toBeCloseTo(1, 1);
  });
});

it('compares by the geometric mean of the cases, those left out that execute nothing', () => {
  const counted = (instructions: number) => ({
    instructions: { a: instructions, b: instructions, idle: 0 },
    weighed: 1,
  });
  const baseline = { cases: { a: 100, b: 900, idle: 0 }, ...counted(90) };
  const result = compareEstimates('x', baseline, { cases: { a: 50, b: 450, idle: 0 }, ...counted(30) });
  expect(result).toMatchObject({ outcome: 'faster', cases: { a: { ratio: 2 }, b: { ratio: 2 } } });
  expect(result.ratio).toBeCloseTo(2, 12);
  expect(result.instructions).toBeCloseTo(3, 12);
  const equal = compareEstimates('x', baseline, { cases: { a: 100.4, b: 900 }, ...counted(90) });
  expect(equal.outcome).toBe('within-noise');
  expect(compareEstimates('x', baseline, { failed: 'SIGILL' })).toMatchObject({
    outcome: 'failed',
    ratio: 0,
    detail: 'SIGILL',
  });
});

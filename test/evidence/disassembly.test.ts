import { expect, it } from 'vitest';
import { createReader, innermostLoops } from '../../src/evidence/disassembly.js';
import { parseSummaries } from '../../src/evidence/llvm-mca.js';
import { readStaticCost } from '../../src/evidence/static-cost.js';
import { captured } from './captured.js';

it.each([
  ['x86_64', 'jne'],
  ['aarch64', 'b.'],
])('finds the innermost loops in captured %s code', (architecture, jump) => {
  const lines = captured(`disassembly/llvm-objdump-19-${architecture}.txt`).split('\n');
  const names = lines.flatMap((line) => /^[0-9a-f]+ <(.+)>:$/.exec(line)?.[1] ?? []);
  const reader = createReader(new Set(names));
  for (const line of lines) reader.line(line);
  const loops = [...reader.functions.values()].flatMap(innermostLoops);
  expect(loops.length).toBeGreaterThan(0);
  for (const { instructions, start } of loops) {
    const last = instructions.at(-1);
    expect(last?.target).toBe(start);
    expect(instructions[0]?.offset).toBe(start);
  }
  expect(loops.some(({ instructions }) => instructions.at(-1)?.text.startsWith(jump))).toBe(true);
});

it('reads the summaries of llvm-mca', () => {
  const text = `[0] Code Region - region0

Iterations:        100
Instructions:      400
Total Cycles:      250
Total uOps:        500

Dispatch Width:    4
uOps Per Cycle:    2.00
IPC:               1.60
Block RThroughput: 1.3
`;
  expect(parseSummaries(text).get(0)).toEqual({ instructions: 4, cycles: 2.5, uops: 5, ipc: 1.6 });
});

it('says why there is no static cost', async () => {
  const clang = { tools: {}, triple: 'x86_64-pc-linux-gnu' };
  expect(await readStaticCost(new Map(), clang)).toEqual({
    kind: 'unavailable',
    reason: 'llvm-mca is not installed',
  });
});

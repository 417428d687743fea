import { describe, expect, it } from 'vitest';
import { blockCounts, blocksOf, contradiction } from '../../src/evidence/block-counts.js';
import { createReader, type Instruction } from '../../src/evidence/disassembly.js';
import { captured } from './captured.js';

/** A loop with two arms: 0 enters, 1 decides, 2 and 3 are the arms, 4 goes back, 5 returns. */
const loop = `0000000000001000 <f>:
    1000: xorl %eax, %eax
    1002: testb $0x1, (%rdi)
    1005: je 0x100a <f+0xa>
    1007: incl %eax
    1009: jmp 0x100c <f+0xc>
    100a: decl %eax
    100c: decq %rsi
    100f: jne 0x1002 <f+0x2>
    1011: retq
`;

function functionsOf(text: string): Map<string, Instruction[]> {
  const lines = text.split('\n');
  const reader = createReader(new Set(lines.flatMap((line) => /^[0-9a-f]+ <(.+)>:$/.exec(line)?.[1] ?? [])));
  for (const line of lines) reader.line(line);
  return reader.functions;
}

describe('blocks', () => {
  const blocks = blocksOf(functionsOf(loop).get('f') ?? []);

  it('end at jumps and begin at their targets', () => {
    expect(blocks.map(({ instructions }) => instructions[0]?.offset)).toEqual([0, 2, 7, 10, 12, 17]);
    expect(blocks.map(({ successors }) => successors)).toEqual([[1], [3, 2], [4], [4], [1, 5], []]);
    expect(blocks.map(({ leaves }) => leaves)).toEqual([false, false, false, false, false, true]);
  });

  it('are counted in samples per instruction', () => {
    const samples = new Map([
      [2, 30],
      [5, 10],
      [10, 20],
    ]);
    expect(blockCounts(blocks, (offset) => samples.get(offset) ?? 0)).toEqual([0, 20, 0, 20, 0, 0]);
  });

  it('contradict each other where no way through the function explains their counts', () => {
    expect(contradiction(blocks, [1, 100, 30, 70, 100, 1])).toBe(0);
    expect(contradiction(blocks, [0, 100, 0, 0, 0, 0])).toBe(100);
    expect(contradiction(blocks, [1, 10, 100, 70, 100, 1])).toBe(90 + 60 + 89);
  });

  it.each(['x86_64', 'aarch64'])('of captured %s code hold every instruction once', (architecture) => {
    for (const instructions of functionsOf(
      captured(`disassembly/llvm-objdump-19-${architecture}.txt`),
    ).values()) {
      const found = blocksOf(instructions);
      expect(found.flatMap((block) => block.instructions)).toEqual(instructions);
      for (const { successors, leaves } of found) expect(successors.length > 0 || leaves).toBe(true);
      const equal = found.map(() => 7);
      expect(contradiction(found, equal)).toBeLessThan(7 * found.length);
    }
  });
});

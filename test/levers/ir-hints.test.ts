import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyHints, disableDebugInfo } from '../../src/levers/ir-hints.js';
import { listLoops } from '../../src/levers/loops.js';
import type { IrHint } from '../../src/levers/types.js';

// clang-19 -O3 -S -emit-llvm -Xclang -disable-llvm-passes -gline-tables-only -fdebug-compilation-dir=/build sums.c
const ir = readFileSync(join(import.meta.dirname, 'sums.ll'), 'latin1');
const text = readFileSync(join(import.meta.dirname, 'sums.c'), 'latin1');
const source = (path: string) => (path === '/build/sums.c' ? text : undefined);
const loops = listLoops(ir, source);

function keyOf(path: string, name = 'sums'): string {
  return loops.find((loop) => loop.function === name && loop.path === path)?.key ?? 'missing';
}

test('loops are listed with their nest and their lines', () => {
  expect(
    loops.map(({ function: name, path, startLine, endLine }) => [name, path, startLine, endLine]),
  ).toEqual([
    ['sums', '0', 3, 8],
    ['sums', '0.0', 4, 4],
    ['sums', '0.1', 5, 7],
    ['sums', '1', 9, 11],
    ['hinted', '0', 18, 18],
  ]);
});

test('a key survives comments, layout and lines added above, and changes with the loop', () => {
  const hashes = (changed: string) => listLoops(ir, () => changed, 'sums').map(({ hash }) => hash);
  const before = hashes(text);
  expect(hashes(text.replace('/* inner */', '/*  INNER */'))).toEqual(before);
  const after = hashes(text.replace('s /= 3', 's /= 5'));
  expect(after.map((hash, index) => hash === before[index])).toEqual([false, true, false, true]);
});

test('without a readable source there are no loops', () => {
  expect(listLoops(ir, () => undefined)).toEqual([]);
});

test('loop hints become properties of the loop', () => {
  const hints: IrHint[] = [
    { kind: 'loop', loop: keyOf('0.0'), metadata: 'llvm.loop.unroll.count', value: 2 },
    { kind: 'loop', loop: keyOf('0.0'), metadata: 'llvm.loop.distribute.enable', value: false },
    { kind: 'loop', loop: keyOf('1'), metadata: 'llvm.licm.disable' },
  ];
  const result = applyHints(ir, hints, source);
  expect(result.skipped).toEqual([]);
  expect(result.ir).toMatch(/^!(\d+) = !\{!"llvm\.loop\.unroll\.count", i32 2\}$/m);
  expect(result.ir).toMatch(/^!(\d+) = !\{!"llvm\.loop\.distribute\.enable", i1 false\}$/m);
  expect(result.ir).toMatch(/^!(\d+) = !\{!"llvm\.licm\.disable"\}$/m);
  const changed = result.ir.split('\n').filter((line) => line.includes('distinct') && !ir.includes(line));
  expect(changed).toHaveLength(2);
});

test.each([
  ['a function that is gone', 'gone|0|0123abcd', 'has no such loop'],
  ['a loop that is gone', 'sums|5|0123abcd', 'has no loop 5 any more'],
  ['a loop that reads otherwise now', 'sums|0|00000000', 'has changed since it was tuned'],
])('%s is skipped with the reason', (_, loop, reason) => {
  const result = applyHints(ir, [{ kind: 'loop', loop, metadata: 'llvm.licm.disable' }], source);
  expect(result.skipped[0]?.reason).toContain(reason);
  expect(result.ir.trimEnd()).toBe(ir.trimEnd());
});

test('a hint that the source gives itself is left alone', () => {
  const hint: IrHint = {
    kind: 'loop',
    loop: keyOf('0', 'hinted'),
    metadata: 'llvm.loop.unroll.count',
    value: 8,
  };
  expect(applyHints(ir, [hint], source).skipped).toEqual([
    { hint, reason: 'the source itself sets llvm.loop.unroll.count' },
  ]);
});

test('attributes of one function go into one group that overrides the others', () => {
  const result = applyHints(ir, [
    { kind: 'attribute', function: 'sums', attribute: 'tune-cpu', value: 'znver3' },
    { kind: 'attribute', function: 'sums', attribute: 'no-jump-tables', value: 'true' },
    { kind: 'attribute', function: 'other', attribute: 'no-jump-tables', value: 'true' },
  ]);
  expect(result.ir).toMatch(/^define .*@sums\(.*\) #0 #3 !dbg/m);
  expect(result.ir).toContain('attributes #3 = { "tune-cpu"="znver3" "no-jump-tables"="true" }');
  expect(result.skipped.map(({ reason }) => reason)).toEqual(['function other is not defined here']);
});

test('borrowed debug information is made invalid, which makes LLVM drop it', () => {
  expect(ir).toContain('!"Debug Info Version", i32 3}');
  expect(disableDebugInfo(ir)).toContain('!"Debug Info Version", i32 0}');
});

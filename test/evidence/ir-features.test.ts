import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { irFeatures, irOfFunction } from '../../src/evidence/ir-features.js';

const ir = `declare i32 @get(ptr)
define i32 @"odd name"() { ret i32 0 }

define dso_local i32 @sum(ptr %p, i32 %n) #0 !dbg !7 {
entry:
  %c = call i32 @get(ptr %p), !dbg !9
  call void @llvm.dbg.value(metadata i32 %c, metadata !1, metadata !2)
  br label %loop
loop:                                             ; preds = %loop, %entry
  %i = phi i32 [ 0, %entry ], [ %j, %loop ]
  %v = load i32, ptr %p, align 4, !tbaa !3
  %j = add i32 %i, %v
  %d = icmp slt i32 %j, %n
  br i1 %d, label %loop, label %out, !llvm.loop !5
out:
  store i32 %j, ptr %p
  ret i32 %j
}
`;

it('cuts one function out of a module and counts what it consists of', () => {
  const text = irOfFunction(ir, 'sum') ?? '';
  expect(text).toMatch(/^define dso_local i32 @sum[\s\S]*\}$/);
  expect(text).not.toMatch(/!dbg|!tbaa|dbg\.value|preds/);
  expect(irFeatures(text)).toEqual({
    instructions: 9,
    blocks: 3,
    loops: 1,
    calls: 1,
    conditionalBranches: 1,
    loads: 1,
    stores: 1,
  });
  expect(irOfFunction(ir, 'get')).toBeUndefined();
  expect(irOfFunction(ir, 'nobody')).toBeUndefined();
});

it('reads what clang writes', () => {
  const module = readFileSync(new URL('../levers/sums.ll', import.meta.url), 'utf8');
  const name = /^define [^\n]*@(\w+)\(/m.exec(module)?.[1] ?? '';
  expect(irFeatures(irOfFunction(module, name) ?? '').loops).toBeGreaterThan(0);
});

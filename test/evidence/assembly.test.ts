import { describe, expect, it } from 'vitest';
import { type AssemblyDialect, createAssemblyCounter } from '../../src/evidence/assembly.js';
import { assemblyDelta } from '../../src/evidence/compare.js';
import type { AssemblyFacts } from '../../src/evidence/types.js';
import { captured } from './captured.js';

function count(file: string, dialect: AssemblyDialect): Map<string, AssemblyFacts> {
  const counter = createAssemblyCounter(dialect, (name) => name !== 'add', new Map([['spilled', 110]]));
  for (const line of captured(`disassembly/${file}.txt`).split('\n')) counter.line(line);
  return new Map(counter.facts().map((facts) => [facts.function, facts]));
}

describe('counting instructions', () => {
  it.each(['llvm-objdump-19-x86_64', 'objdump-2.40-x86_64'])('reads the output of %s', (file) => {
    const facts = count(file, 'x86-64');
    expect([...facts.keys()]).toEqual(['branchy', 'dispatch', 'spilled']);
    expect(facts.get('spilled')).toEqual({
      function: 'spilled',
      instructions: 40,
      bytes: 110,
      vector: 0,
      calls: 1,
      indirectCalls: 0,
      branches: 2,
      cmov: 0,
      stackAccesses: 8,
      indirectJumps: 0,
      divisions: 2,
    });
    expect(facts.get('branchy')).toMatchObject({ branches: 5, divisions: 1, stackAccesses: 0, calls: 0 });
    expect(facts.get('dispatch')).toMatchObject({ indirectJumps: 1, branches: 1, divisions: 0 });
  });

  it('reads AArch64', () => {
    const facts = count('llvm-objdump-19-aarch64', 'aarch64');
    expect(facts.get('spilled')).toMatchObject({ calls: 1, branches: 1, stackAccesses: 11, divisions: 1 });
    expect(facts.get('branchy')).toMatchObject({ branches: 5, divisions: 1, stackAccesses: 0 });
    expect(facts.get('dispatch')).toMatchObject({ branches: 9, indirectJumps: 0 });
  });

  it('tells calls through pointers from calls by name and from those of libraries', () => {
    const counter = createAssemblyCounter('x86-64', () => true, new Map());
    const code = ['callq 0x20 <g>', 'callq *%rax', 'callq *8(%rdi)', 'callq *0x2fe2(%rip)'];
    for (const line of ['0000000000000000 <f>:', ...code.map((text, at) => `       ${at}: ${text}`)]) {
      counter.line(line);
    }
    expect(counter.facts()).toMatchObject([{ calls: 4, indirectCalls: 2 }]);
  });

  it('tells vector from scalar floating point, and rbp as a frame from rbp as a register', () => {
    const counter = createAssemblyCounter('x86-64', () => true, new Map());
    const lines = [
      '0000000000000000 <frameless>:',
      '  0: \tmovq\t0x8(%rbp), %rax',
      '  4: \tmovsd\t(%rdi), %xmm0',
      '  8: \taddss\t%xmm1, %xmm0',
      '  c: \tcvtsi2sdl\t%eax, %xmm0',
      ' 10: \tmovups\t(%rdi), %xmm2',
      ' 14: \tpaddd\t%xmm1, %xmm2',
      ' 18: \tlock\t\tincl\t-0x8(%rsp)',
      ' 1c: \tcmovneq\t%rax, %rbx',
      ' 20: \trep\t\tstosq\t%rax, %es:(%rdi)',
    ];
    for (const line of lines) counter.line(line);
    expect(counter.facts()).toMatchObject([{ instructions: 9, vector: 2, stackAccesses: 1, cmov: 1 }]);
  });

  it('reports what changed between two compilations', () => {
    const before = count('llvm-objdump-19-x86_64', 'x86-64').get('spilled') as AssemblyFacts;
    const after = { ...before, bytes: 165, stackAccesses: 12, divisions: 0 };
    expect(assemblyDelta([before], [after])).toMatchObject([
      { function: 'spilled', bytes: 55, growth: 1.5, stackAccesses: 4, divisions: -2, instructions: 0 },
    ]);
    expect(assemblyDelta([before], [{ ...before }])).toEqual([]);
    expect(assemblyDelta([before], [])).toEqual([]);
  });
});

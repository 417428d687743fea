import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readElf, withoutUniqueSymbols } from '../../src/measure/elf-file.js';
import { compareElf } from '../../src/verify/elf.js';
import { testClang } from '../build/support.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'autopass-elf-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function compile(name: string, source: string, ...flags: string[]): string {
  return compileWith(name.endsWith('.cc') ? 'g++' : 'gcc', name, source, ...flags);
}

function compileWith(compiler: string, name: string, source: string, ...flags: string[]): string {
  const file = join(folder, name.endsWith('.cc') ? name : `${name}.c`);
  const output = join(folder, `${name}.node`);
  writeFileSync(file, source);
  execFileSync(compiler, ['-shared', '-fPIC', '-o', output, file, ...flags]);
  return output;
}

const twoFunctions = 'int a(void) { return 1; } int b(void) { return 2; } static int c(void) { return 3; }';

describe('compareElf', () => {
  it('accepts other code behind the same symbols', async () => {
    const reference = compile('reference', twoFunctions, '-O0', '-Wl,-rpath,$ORIGIN/lib');
    const candidate = compile('candidate', twoFunctions.replace('return 1', 'return 7'), '-O2');
    expect(await compareElf(reference, candidate)).toEqual({ equal: true });
    expect(readElf(readFileSync(reference))?.runPath).toEqual(['$ORIGIN/lib']);
  });

  it('ignores weak symbols, which come and go with inlining', async () => {
    const weak = `${twoFunctions} __attribute__((weak)) int w(void) { return 4; }`;
    expect(await compareElf(compile('plain', twoFunctions), compile('weak', weak))).toEqual({ equal: true });
  });

  it('ignores the class data of C++, which compilers emit and hide differently', async () => {
    const table = `${twoFunctions} void *_ZTV3Box[3];`;
    expect(await compareElf(compile('plain', twoFunctions), compile('table', table))).toEqual({
      equal: true,
    });
  });

  it('ignores the constructor of whole objects, which clang does not make for abstract classes', async () => {
    const base =
      'struct Base { Base(int); virtual int area() = 0; int side; }; Base::Base(int side) : side(side) {}';
    const { cxx } = await testClang();
    const byClang = compileWith(cxx, 'abstract-clang.cc', base);
    expect(readElf(readFileSync(byClang))?.dynamicSymbols.map(({ name }) => name)).not.toContain(
      '_ZN4BaseC1Ei',
    );
    const byGcc = compile('abstract-gcc.cc', base);
    expect(await compareElf(byGcc, byClang)).toEqual({ equal: true });
    const without = compile('no-constructor.cc', 'struct Base { Base(int); };');
    expect(await compareElf(byGcc, without)).toMatchObject({ equal: false });
  });

  it('sees a symbol that is gone, and one that is new', async () => {
    const two = compile('two', twoFunctions);
    const one = compile('one', 'int a(void) { return 1; }');
    expect(await compareElf(two, one)).toEqual({ equal: false, detail: 'no longer exported: b' });
    expect(await compareElf(one, two)).toEqual({ equal: false, detail: 'newly exported: b' });
  });

  it('asks of code for another ISA level only for what node looks up', async () => {
    const entry = 'void napi_register_module_v1(void) {}';
    const plain = compile('level', `${twoFunctions} ${entry}`);
    const other = compile('other', `int a(void) { return 1; } int d(void) { return 4; } ${entry}`);
    expect(await compareElf(plain, other)).toEqual({ equal: false, detail: 'no longer exported: b' });
    expect(await compareElf(plain, other, true)).toEqual({ equal: true });
    expect(await compareElf(plain, compile('gone', twoFunctions), true)).toEqual({
      equal: false,
      detail: 'no longer exported: napi_register_module_v1',
    });
  });

  it('sees a library that is needed in addition, unless node itself needs it', async () => {
    const library = compile('libdep', 'int dep(void) { return 1; }', '-Wl,-soname,libdep.so');
    const plain = compile('without', twoFunctions);
    const added = compile('with', twoFunctions, '-Wl,--no-as-needed', library);
    expect(await compareElf(plain, added)).toEqual({
      equal: false,
      detail: 'needs more libraries: libdep.so',
    });
    const math = compile('math', twoFunctions, '-Wl,--no-as-needed', '-lm');
    expect(await compareElf(plain, math)).toEqual({ equal: true });
  });

  it('sees another machine', async () => {
    const here = compile('here', twoFunctions);
    const there = join(folder, 'there.node');
    const changed = readFileSync(here);
    changed.writeUInt16LE(183 + 62 - changed.readUInt16LE(18), 18);
    writeFileSync(there, changed);
    expect(await compareElf(here, there)).toMatchObject({
      equal: false,
      detail: expect.stringContaining('machine'),
    });
  });

  it('refuses truncated files', async () => {
    const whole = compile('whole', twoFunctions);
    const half = join(folder, 'half.node');
    writeFileSync(half, readFileSync(whole).subarray(0, 1000));
    expect(await compareElf(whole, half)).toMatchObject({ equal: false });
    for (let length = 0; length < 2000; length += 37) {
      expect(() => readElf(readFileSync(whole).subarray(0, length))).not.toThrow();
    }
  });
});

describe('withoutUniqueSymbols', () => {
  it('makes the shared static data of gcc weak and touches nothing else', () => {
    const source =
      'inline int& shared() { static int value = 1; return value; } int use() { return shared(); }';
    const file = readFileSync(compile('unique.cc', source));
    const unique = readElf(file)?.dynamicSymbols.filter(({ binding }) => binding === 'unique') ?? [];
    expect(unique.length).toBeGreaterThan(0);
    const changed = withoutUniqueSymbols(file);
    const differing = file.filter((byte, index) => byte !== changed[index]);
    expect(differing.length).toBe(unique.length);
    expect(readElf(changed)?.dynamicSymbols.some(({ binding }) => binding === 'unique')).toBe(false);
  });
});

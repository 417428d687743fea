import { expect, test } from 'vitest';
import { formatLtoModule, ltoSection, readFatObject, sealFatObject } from '../../src/levers/fat-object.js';
import { renderConfiguration } from '../../src/levers/render.js';
import { ltoBackEndArgs, thinLtoTools, withRelativeSource } from '../../src/levers/thin-lto.js';
import type { Clang } from '../../src/toolchain/types.js';

const target = { arch: 'x64', major: 19, profiles: '/p' } as const;
const module = { major: 19, args: ['-O3', '-mllvm', '-x=ä'], bitcode: Buffer.from('BC\n\0\n') };

test('the lever is compiled in stages, with the other levers in both', () => {
  const configuration = { 'lto-thin': true, 'fno-vectorize': true, 'unroll-threshold': 500 };
  expect(renderConfiguration(configuration, { allow: [] }, target)).toEqual({
    ok: true,
    plan: {
      kind: 'two-stage',
      frontArgs: ['-fno-vectorize'],
      backArgs: ['-fno-vectorize', '-mllvm', '-unroll-threshold=500'],
      hints: [],
      thinLto: { major: 19 },
    },
  });
});

test('the lever does not go with inserted passes, a second profile, and LLVM 16', () => {
  const profiled = { 'lto-thin': true, 'pgo-cs': 'a'.repeat(64) };
  expect(renderConfiguration(profiled, { allow: [] }, target)).toMatchObject({
    problems: [{ id: 'pgo-cs', reason: 'cannot be set together with lto-thin' }],
  });
  const inserted = { 'lto-thin': true, 'ep:passes-ep-peephole': ['pass:sink'] };
  expect(renderConfiguration(inserted, { allow: [] }, target)).toMatchObject({
    problems: [{ id: 'ep:passes-ep-peephole', reason: 'cannot be set together with lto-thin' }],
  });
  expect(renderConfiguration({ 'lto-thin': true }, { allow: [] }, { ...target, major: 16 })).toMatchObject({
    problems: [{ id: 'lto-thin' }],
  });
});

test('a fat object gives its module back until a byte of it changes', () => {
  const bytes = objectWith(ltoSection, formatLtoModule(module));
  expect(readFatObject(bytes)).toBeUndefined();
  sealFatObject(bytes);
  expect(readFatObject(bytes)).toEqual(module);
  for (const at of [20, bytes.indexOf('BC'), bytes.length - 1]) {
    const edited = Buffer.from(bytes);
    edited.writeUInt8(edited.readUInt8(at) ^ 1, at);
    expect(readFatObject(edited)).toBeUndefined();
  }
  expect(readFatObject(bytes.subarray(0, bytes.length - 70))).toBeUndefined();
  expect(readFatObject(objectWith('.text', formatLtoModule(module)))).toBeUndefined();
  expect(readFatObject(Buffer.from('!<arch>\n'))).toBeUndefined();
});

test('static functions are known by a path that is the same in every checkout', () => {
  const ir = (file: string) => `; ModuleID = '${file}'\nsource_filename = "${file}"\n`;
  expect(withRelativeSource(ir('/home/x/p/src/a.c'), '/home/x/p/build')).toContain('= "../src/a.c"\n');
  expect(withRelativeSource(ir('../src/a.c'), '/home/x/p/build')).toBe(ir('../src/a.c'));
});

test('the back end at the link takes no profile, which is in the module already', () => {
  expect(ltoBackEndArgs(['-O3', '-fprofile-use=/p/x', '-fno-crash-diagnostics', '-fPIC'])).toEqual([
    '-O3',
    '-fPIC',
  ]);
});

test('the tools that are missing are named with their package', () => {
  const tools = { lld: '/lld', 'llvm-ar': '/ar', 'llvm-objcopy': '/objcopy' };
  const clang: Clang = {
    ...{ cc: '/clang', cxx: '/clang++', vendor: 'llvm', version: '19.1.7', major: 19 },
    ...{ triple: 'x86_64-pc-linux-gnu', identity: '', tools },
  };
  expect(thinLtoTools(clang, 'linux')).toEqual({
    ok: true,
    tools: { major: 19, clang: '/clang', lld: '/lld', ar: '/ar' },
  });
  expect(thinLtoTools({ ...clang, tools: { ...tools, lld: undefined as never } }, 'linux')).toEqual({
    ok: false,
    reason: 'it needs ld.lld of LLVM 19, which was not found (package lld-19)',
  });
  expect(thinLtoTools({ ...clang, tools: { lld: '/lld' } }, 'linux')).toMatchObject({
    reason: expect.stringContaining('(package llvm-19)'),
  });
  expect(thinLtoTools(clang, 'darwin')).toMatchObject({ ok: false });
});

/** A minimal ELF file: header, names, content, section headers. */
function objectWith(name: string, content: Buffer): Buffer {
  const names = Buffer.from(`\0${name}\0.strtab\0`);
  const [namesAt, contentAt] = [64, 64 + names.length];
  const tableAt = contentAt + content.length;
  const header = (nameAt: number, at: number, size: number): Buffer => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(nameAt, 0);
    entry.writeBigUInt64LE(BigInt(at), 0x18);
    entry.writeBigUInt64LE(BigInt(size), 0x20);
    return entry;
  };
  const elf = Buffer.alloc(64);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.writeBigUInt64LE(BigInt(tableAt), 0x28);
  for (const [at, value] of [
    [0x3a, 64],
    [0x3c, 3],
    [0x3e, 2],
  ] as const) {
    elf.writeUInt16LE(value, at);
  }
  const headers = [
    Buffer.alloc(64),
    header(1, contentAt, content.length),
    header(2 + name.length, namesAt, names.length),
  ];
  return Buffer.concat([elf, names, content, ...headers]);
}

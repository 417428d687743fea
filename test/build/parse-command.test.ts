import { describe, expect, it } from 'vitest';
import { compileArgs } from '../../src/build/compile-args.js';
import { parseCommand } from '../../src/build/parse-command.js';
import type { CompileCommand, LinkCommand } from '../../src/build/types.js';

const root = '/pkg';
const cwd = '/pkg/build';

function parse(text: string): CompileCommand | LinkCommand | undefined {
  return parseCommand({ cwd, argv: text.split(' ') }, root);
}

function compile(text: string): CompileCommand {
  const command = parse(text);
  if (command?.kind !== 'compile') throw new Error(`not a compile: ${text}`);
  return command;
}

describe('parseCommand', () => {
  it('reads a compile of node-gyp', () => {
    const command = parse(
      'g++ -o Release/obj.target/addon/src/x.o ../src/x.cc -DV8 -I/usr/include/node -fPIC -O3 -fno-rtti -MMD -MF ./Release/.deps/x.o.d.raw -c',
    );
    expect(command).toMatchObject({
      kind: 'compile',
      compilerIndex: 0,
      language: 'c++',
      source: '/pkg/src/x.cc',
      output: '/pkg/build/Release/obj.target/addon/src/x.o',
      file: 'src/x.cc',
      object: 'Release/obj.target/addon/src/x.o',
    });
    expect(command).not.toHaveProperty('untunable');
  });

  it('finds the compiler behind wrappers and their variables', () => {
    expect(compile('env CCACHE_DIR=/c ccache gcc-12 -O2 -c ../x.c -o x.o').compilerIndex).toBe(3);
  });

  it('leaves launchers out of the command', () => {
    const command = compile(
      'sh /a/launch --state=/pkg/.autopass/build /b/launch --state=/x gcc -O2 -c ../x.c -o x.o',
    );
    expect(command.argv[0]).toBe('gcc');
  });

  it.each([
    ['gcc -O2 -c ../x.c -o x.o', 'c'],
    ['g++ -O2 -c ../x.c -o x.o', 'c++'],
    ['gcc -O2 -c ../x.cc -o x.o', 'c++'],
    ['g++ -x c -O2 -c ../x.c -o x.o', 'c'],
  ])('knows the language of "%s"', (text, language) => {
    expect(compile(text).language).toBe(language);
  });

  it.each([
    ['gcc -c ../x.c -o x.o', 'not optimised'],
    ['gcc -O2 -fsanitize=address -c ../x.c -o x.o', 'sanitizer'],
    ['clang --target=aarch64-linux-gnu -O2 -c ../x.c -o x.o', 'cross'],
    ['arm-none-eabi-gcc -O2 -c ../x.c -o x.o', 'not a compiler for this machine'],
  ])('says why "%s" cannot be tuned', (text, reason) => {
    expect(compile(text).untunable).toContain(reason);
  });

  it('keeps the absolute path of a source outside the package', () => {
    expect(compile('gcc -O2 -c ../../other/x.c -o x.o').file).toBe('/other/x.c');
  });

  it('reads links and archives, thin ones too', () => {
    expect(
      parse(
        'g++ -o Release/obj.target/a.node -shared -Wl,-soname=a.node -Wl,--start-group o/a.o Release/h.a -Wl,--end-group -lm',
      ),
    ).toMatchObject({
      kind: 'link',
      output: '/pkg/build/Release/obj.target/a.node',
      inputs: ['/pkg/build/o/a.o', '/pkg/build/Release/h.a'],
    });
    for (const text of [
      'ar crsT h.a o/a.o',
      'ar --thin -rcs h.a o/a.o',
      '/usr/bin/llvm-ar-19 qc h.a o/a.o',
    ]) {
      expect(parse(text)).toMatchObject({
        kind: 'archive',
        output: '/pkg/build/h.a',
        inputs: ['/pkg/build/o/a.o'],
      });
    }
  });

  it.each([
    'gcc -dM -E -x c /dev/null',
    'gcc --version',
    'gcc -MM ../x.c',
    'ranlib h.a',
    'ar t h.a',
    'cmake -E rm -f h.a',
    'gcc',
  ])('does not understand "%s"', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

describe('compileArgs', () => {
  it('replaces compiler and output, drops dependency files and wrappers, and keeps the order', () => {
    const command = compile('ccache g++ -o a/x.o ../x.cc -MMD -MFx.d -MT a/x.o -Wp,-MD,y.d -I -MD -O2 -c');
    const options = { compiler: '/usr/bin/clang++', output: '/tmp/y.o', extra: ['-O3', '-mllvm', '-k=1'] };
    expect(compileArgs(command, options).join(' ')).toBe(
      '/usr/bin/clang++ -o /tmp/y.o ../x.cc -I -MD -O2 -c -O3 -mllvm -k=1',
    );
  });
});

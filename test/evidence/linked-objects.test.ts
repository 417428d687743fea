import { describe, expect, it } from 'vitest';
import type { CompileCommand } from '../../src/build/types.js';
import type { ElfFunction } from '../../src/evidence/elf.js';
import { ownerLookup } from '../../src/evidence/linked-objects.js';
import { sourceFunction } from '../../src/evidence/samples.js';

function object(
  file: string,
  ...functions: ElfFunction[]
): { command: CompileCommand; functions: ElfFunction[] } {
  const paths = { source: `/p/${file}`, output: `/p/${file}.o`, file, object: `${file}.o` };
  return {
    command: { kind: 'compile', cwd: '/p', argv: [], compilerIndex: 0, language: 'c', ...paths },
    functions,
  };
}

const entry = (
  name: string,
  binding: ElfFunction['binding'],
  size = 10,
  sourceName?: string,
): ElfFunction => ({
  name,
  address: 0,
  size,
  binding,
  ...(sourceName === undefined ? {} : { sourceName }),
});

describe('finding the unit of a linked function', () => {
  it('tells static functions of equal name apart by source name and size', () => {
    const find = ownerLookup([
      object('a/x.c', entry('helper', 'local', 10)),
      object('b/y.c', entry('helper', 'local', 10)),
      object('c/y.c', entry('helper', 'local', 20)),
    ]);
    expect(find(entry('helper', 'local', 10, 'x.c'))?.file).toBe('a/x.c');
    expect(find(entry('helper', 'local', 10, 'y.c'))?.file).toBe('b/y.c');
    expect(find(entry('helper', 'local', 20, 'y.c'))?.file).toBe('c/y.c');
  });

  it('gives inline functions to the first unit in link order and hidden ones to the one that defines them', () => {
    const find = ownerLookup([
      object('a.cc', entry('inline_', 'weak'), entry('hidden', 'local')),
      object('b.cc', entry('inline_', 'weak'), entry('hidden', 'global')),
    ]);
    expect(find(entry('inline_', 'weak'))?.file).toBe('a.cc');
    expect(find(entry('hidden', 'local', 10, 'crtstuff.c'))?.file).toBe('b.cc');
    expect(find(entry('absent', 'global'))).toBeUndefined();
  });

  it('gives a function that is in no known object to the unit that its source name names', () => {
    const find = ownerLookup([object('a/x.c'), object('b/y.c'), object('c/y.c')]);
    expect(find(entry('outlined', 'local', 10, 'x.c'))?.file).toBe('a/x.c');
    expect(find(entry('outlined', 'local', 10, 'y.c'))).toBeUndefined();
  });

  it('calls clones that gcc made by their name in the source', () => {
    expect(sourceFunction('deflate.constprop.0.isra.1')).toBe('deflate');
    expect(sourceFunction('inflate.cold')).toBe('inflate');
    expect(sourceFunction('EncodeTree.specialized.1')).toBe('EncodeTree.specialized.1');
  });
});

import { expect, it } from 'vitest';
import { SampleProfile } from '../../src/evidence/sample-profile.js';
import { parseSymbolized, type SourcePlace } from '../../src/evidence/symbolize.js';

const frame = { FileName: '/p/a.c', Column: 3, StartLine: 11 };
const lineOf = (symbols: object[]) =>
  JSON.stringify({ Address: '0x1103', ModuleName: 'a.so', Symbol: symbols });

it('reads places from the function to what was inlined, with both parts of a discriminator', () => {
  // 2: discriminator 1. 0x404: discriminator 2, and 4 copies of it.
  const line = lineOf([
    { ...frame, FunctionName: 'common', Line: 9, StartLine: 7, Discriminator: 0x404 },
    { ...frame, FunctionName: 'skewed', Line: 15, Discriminator: 2 },
  ]);
  expect(parseSymbolized(line)).toEqual({
    address: 0x1103,
    places: [
      { function: 'skewed', line: 4, discriminator: 1, copies: 1 },
      { function: 'common', line: 2, discriminator: 2, copies: 4 },
    ],
  });
  expect(parseSymbolized(lineOf([{ ...frame, FunctionName: 'skewed', Line: 0 }]))).toBeUndefined();
  expect(parseSymbolized(lineOf([{ FunctionName: 'from_a_symbol_table' }]))).toBeUndefined();
});

it('writes LLVM’s text format: the largest count of a place, inlined functions where they were called', () => {
  const place = (name: string, line: number, discriminator = 0, copies = 1): SourcePlace => ({
    function: name,
    line,
    discriminator,
    copies,
  });
  const profile = new SampleProfile();
  profile.add([place('skewed', 2, 1)], 30.4);
  profile.add([place('skewed', 2, 1)], 12);
  profile.add([place('skewed', 4), place('common', 1, 0, 4)], 5);
  profile.add([place('skewed', 4), place('common', 2)], 0);
  profile.addEntries('skewed', 3);
  expect(profile.toString()).toBe(`skewed:50:3
 2.1: 30
 4: common:20
  1: 20
  2: 0
`);
});

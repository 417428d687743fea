import { expect, test } from 'vitest';
import { normaliseSource } from '../../src/levers/source-text.js';

const same = (a: string, b: string) => expect(normaliseSource(a)).toBe(normaliseSource(b));
const different = (a: string, b: string) => expect(normaliseSource(a)).not.toBe(normaliseSource(b));

test('comments and layout do not count', () => {
  same('int f(int a) { return a+1; } // one', 'int  f( int a )\n{\n\treturn a + 1; /* two\n */\n}\n');
  same('x = 1;\r\ny = 2;\r\n', 'x = 1;\ny = 2;\n');
  same('#define A 1\nint a;', '  # define A   1 // why\n\n\nint a ;');
});

test('what is inside literals counts', () => {
  different('s = "a  b";', 's = "a b";');
  different('s = "/* a */";', 's = "";');
  different("c = ' ';", "c = '  ';");
  different('s = R"x(a // b)x";', 's = R"x(a )x";');
  same('s = R"x(" /* kept */ )x"; // gone', 's=R"x(" /* kept */ )x";');
  same('s = "a\\"b"; // gone', 's = "a\\"b";');
});

test('tokens that white space keeps apart stay apart', () => {
  different('return x;', 'returnx;');
  different('#define A 1\n2', '#define A 1 2');
  different('#define A\nB', '#define A B');
});

test('a quote that separates digits opens no literal', () => {
  same("n = 1'000; /* it's */ m = 2;", "n=1'000;m=2;");
});

test('an apostrophe in a preprocessor message swallows nothing after its line', () => {
  same("#error don't\nint a; // x\n", "#error don't\nint a;");
});

test('unfinished comments and odd text end without trouble', () => {
  expect(normaliseSource('a /* b')).toBe('a');
  expect(normaliseSource('')).toBe('');
  expect(normaliseSource('R"(')).toBe('R"(');
});

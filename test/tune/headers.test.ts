import { expect, it } from 'vitest';
import { parseDependencies } from '../../src/tune/headers.js';

it('reads a dependency rule with continued lines and spaces in names', () => {
  const rule = 'x.o: ../src/x.cc ../src/a.h \\\n ../my\\ lib/b.h \\\n /usr/include/c.h\n';
  expect(parseDependencies(rule)).toEqual(['../src/x.cc', '../src/a.h', '../my lib/b.h', '/usr/include/c.h']);
});

it('gives nothing for what is not a rule', () => {
  expect(parseDependencies('')).toEqual([]);
  expect(parseDependencies('error')).toEqual([]);
});

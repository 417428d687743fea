import { rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseCommand } from '../../src/build/parse-command.js';
import { localHeaders, parseDependencies } from '../../src/tune/headers.js';
import { temporaryFolder, testClang, writeFiles } from '../build/support.js';

it("finds the package's own headers, but not what the build makes, nor those of other packages", async () => {
  const root = await temporaryFolder('headers');
  await writeFiles(root, {
    'src/x.c': '#include "own.h"\n#include <stddef.h>\n#include "config.h"\n#include "other.h"\n',
    'src/own.h': '',
    'src/build/config.h': '',
    'build/gen/config.h': '',
    'node_modules/other/other.h': '',
  });
  const argv = ['gcc', '-I../node_modules/other', '-Igen', '-O2', '-c', '../src/x.c', '-o', 'x.o'];
  const command = parseCommand({ cwd: path.join(root, 'build'), argv }, root);
  if (command?.kind !== 'compile') throw new Error('not a compile');
  const { cc } = await testClang();
  expect(await localHeaders(command, cc, root)).toEqual(['src/own.h']);
  await writeFiles(root, { 'src/x.c': '#include "build/config.h"\n' });
  expect(await localHeaders(command, cc, root)).toEqual(['src/build/config.h']);
  await rm(root, { recursive: true });
});

it('reads a dependency rule with continued lines and spaces in names', () => {
  const rule = 'x.o: ../src/x.cc ../src/a.h \\\n ../my\\ lib/b.h \\\n /usr/include/c.h\n';
  expect(parseDependencies(rule)).toEqual(['../src/x.cc', '../src/a.h', '../my lib/b.h', '/usr/include/c.h']);
});

it('gives nothing for what is not a rule', () => {
  expect(parseDependencies('')).toEqual([]);
  expect(parseDependencies('error')).toEqual([]);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexCommand } from '../../src/build/index-command.js';
import type { LtoInput } from '../../src/build/lto-inputs.js';
import { parseCommand } from '../../src/build/parse-command.js';
import { removePackage } from '../e2e/build-support.js';
import { temporaryFolder, writeFiles } from './support.js';

const bytes = Buffer.alloc(0);
const module = { major: 19, args: [], bitcode: bytes };
let cwd: string;

beforeAll(async () => {
  cwd = await temporaryFolder('index');
  await writeFiles(cwd, { 'a.o': '', 'plain.o': '', 'l.a': '', 'exports.map': '', 'libs/x': '' });
});

afterAll(() => removePackage(cwd));

function words(link: string): string {
  const inputs = new Map<string, LtoInput>([
    [`${cwd}/a.o`, { isArchive: false, parts: [{ id: '0', bytes, module }] }],
    [
      `${cwd}/l.a`,
      {
        isArchive: true,
        parts: [
          { id: '2.0', bytes, module },
          { id: '2.1', bytes },
        ],
      },
    ],
  ]);
  const command = parseCommand({ cwd, argv: link.split(' ') }, cwd);
  if (command?.kind !== 'link') throw new Error('not a link');
  const all = indexCommand(command, inputs, '/work').join(' ').replaceAll(cwd, 'CWD');
  const end = ' -fuse-ld=lld -B/work/bin -Wl,--thinlto-index-only=modules -Wl,--thinlto-emit-imports-files';
  expect(all.endsWith(end)).toBe(true);
  return all.slice(0, -end.length);
}

it.each([
  [
    'g++ -o Release/x.node -shared -Wl,-soname=x.node -Wl,--start-group a.o plain.o l.a -Wl,--end-group -lz',
    'g++ -o linked -shared -Wl,-soname=x.node 0.bc CWD/plain.o -Wl,--start-lib 2.0.bc 2.1.o -Wl,--end-lib -lz',
  ],
  [
    'ccache g++ -shared -Wl,--whole-archive l.a -Wl,--no-whole-archive a.o -o x.node',
    'ccache g++ -shared -Wl,--whole-archive 2.0.bc 2.1.o -Wl,--no-whole-archive 0.bc -o linked',
  ],
  [
    'g++ -shared a.o l.a -Llibs -L. -Wl,--version-script=exports.map,-z,now -Wl,-Map=x.map -o x.node',
    'g++ -shared 0.bc -Wl,--start-lib 2.0.bc 2.1.o -Wl,--end-lib -LCWD/libs -LCWD -Wl,--version-script=CWD/exports.map,-z,now -o linked',
  ],
])('%s', (link, expected) => {
  expect(words(link)).toBe(expected);
});

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readArchive } from '../../src/build/archive.js';
import { removePackage } from '../e2e/build-support.js';
import { runCommand, temporaryFolder, writeFiles } from './support.js';

const members: Readonly<Record<string, string>> = {
  'a.o': 'odd',
  'sub/an object with a long name.o': 'even',
  'b.o': '',
};
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder('archive');
  await writeFiles(folder, members);
});

afterAll(() => removePackage(folder));

async function made(flags: string): Promise<ReturnType<typeof readArchive>> {
  const ran = await runCommand(['ar', flags, `${flags}.a`, ...Object.keys(members)], { cwd: folder });
  expect(ran).toMatchObject({ code: 0 });
  return readArchive(await readFile(path.join(folder, `${flags}.a`)), folder);
}

it('reads the members of an ordinary archive, long names included', async () => {
  const read = await made('rcs');
  expect(read?.map(({ name, content }) => [name, content.toString()])).toEqual(
    Object.entries(members).map(([file, content]) => [path.basename(file), content]),
  );
});

it('names the files of a thin archive', async () => {
  const read = await made('rcsT');
  expect(read?.map(({ content }) => content)).toEqual(
    Object.keys(members).map((file) => path.join(folder, file)),
  );
});

it('understands nothing else', () => {
  expect(readArchive(Buffer.from(''), folder)).toBeUndefined();
  expect(readArchive(Buffer.from(`!<arch>\n${'x'.repeat(80)}`), folder)).toBeUndefined();
  const bsd = `!<arch>\n${'#1/20'.padEnd(48)}${'20'.padEnd(10)}\`\n${'x'.repeat(20)}`;
  expect(readArchive(Buffer.from(bsd), folder)).toBeUndefined();
});

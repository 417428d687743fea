import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compactRecord, loadRecord, resetRecord } from '../../src/build/record.js';
import { parseCalls } from '../../src/build/record-format.js';
import { statePaths } from '../../src/build/state.js';
import { temporaryFolder, writeFiles } from './support.js';

let root: string;
let build: string;

beforeEach(async () => {
  root = await temporaryFolder('record');
  build = path.join(root, 'build');
  await mkdir(build);
  await mkdir(statePaths(root).record, { recursive: true });
  await writeFiles(root, { 'src/x.c': '', 'src/y.c': '' });
});

afterEach(() => rm(root, { recursive: true, force: true }));

function bytes(text: string, cwd = build): string {
  const words = text.split(' ');
  return ['autopass-call', String(words.length), cwd, ...words, ''].join('\0');
}

async function seen(pid: number, content: string, ageMs: number): Promise<void> {
  const file = path.join(statePaths(root).record, String(pid));
  await writeFile(file, content);
  const time = (Date.now() - ageMs) / 1000;
  await utimes(file, time, time);
}

describe('parseCalls', () => {
  it('reads what is whole and skips what is cut off or garbled', () => {
    const whole = bytes('gcc -c x.c', '/a');
    const calls = parseCalls(
      Buffer.from(
        [
          'garbage',
          `${whole}autopass-call`,
          '999',
          '/b',
          'gcc',
          `${whole}autopass-call`,
          '2',
          '/c',
          'gcc',
          '-',
        ].join('\0'),
      ),
    );
    expect(calls).toEqual([
      { cwd: '/a', argv: ['gcc', '-c', 'x.c'] },
      { cwd: '/a', argv: ['gcc', '-c', 'x.c'] },
    ]);
  });

  it('reads several calls of one process', () => {
    expect(parseCalls(Buffer.from(bytes('a b', '/') + bytes('c', '/'))).map(({ argv }) => argv)).toEqual([
      ['a', 'b'],
      ['c'],
    ]);
  });
});

describe('loadRecord', () => {
  it('keeps the latest command for every output, before and after compaction', async () => {
    await seen(1, bytes('gcc -O2 -c ../src/x.c -o x.o'), 9000);
    await seen(2, bytes('gcc -O3 -c ../src/x.c -o x.o'), 8000);
    await seen(3, bytes('gcc -O2 -c ../src/y.c -o y.o') + bytes('gcc --version'), 7000);
    await seen(4, bytes('g++ -shared -o a.node x.o y.o'), 6000);
    const before = await loadRecord(root);
    expect(before.compiles.map(({ argv }) => argv[1])).toEqual(['-O3', '-O2']);
    expect(before.links).toHaveLength(1);
    await compactRecord(root);
    expect(await readdir(statePaths(root).record)).toEqual([]);
    expect(await loadRecord(root)).toEqual(before);
  });

  it('leaves files that a launcher may still be writing', async () => {
    await seen(1, bytes('gcc -O2 -c ../src/x.c -o x.o'), 0);
    await seen(2, bytes('gcc -O2 -c ../src/y.c -o y.o'), 9000);
    await compactRecord(root);
    expect(await readdir(statePaths(root).record)).toEqual(['1']);
    expect((await loadRecord(root)).compiles).toHaveLength(2);
  });

  it('leaves out commands whose source or folder is gone', async () => {
    await seen(
      1,
      bytes('gcc -O2 -c conftest.c -o conftest.o') + bytes('gcc -O2 -c /etc/x.c -o x.o', '/no/such'),
      9000,
    );
    expect((await loadRecord(root)).compiles).toEqual([]);
  });

  it('follows a build folder that node-pre-gyp has renamed, to the newest', async () => {
    await seen(
      1,
      bytes('gcc -O2 -c ../src/x.c -o Release/x.o') +
        bytes('ar crs h.a @members.rsp') +
        bytes(`g++ -shared -o ${root}/lib/a.node ${build}/Release/x.o`),
      9000,
    );
    await mkdir(path.join(root, 'build-tmp-napi-v3'));
    await utimes(path.join(root, 'build-tmp-napi-v3'), 1, 1);
    const moved = path.join(root, 'build-tmp-napi-v6');
    await writeFiles(build, { 'members.rsp': 'y.o\n' });
    await rename(build, moved);
    for (let compacted = 0; compacted < 2; compacted++) {
      const { compiles, links } = await loadRecord(root);
      expect(compiles).toMatchObject([
        { cwd: moved, output: path.join(moved, 'Release/x.o'), file: 'src/x.c' },
      ]);
      expect(links).toMatchObject([
        { cwd: moved, inputs: [path.join(moved, 'y.o')] },
        { cwd: moved, inputs: [path.join(moved, 'Release/x.o')] },
      ]);
      expect(links[1]?.argv.at(-1)).toBe(path.join(moved, 'Release/x.o'));
      await compactRecord(root);
    }
    // Built again without node-pre-gyp, every object has one command.
    await mkdir(build);
    await seen(2, bytes('gcc -O3 -c ../src/x.c -o Release/x.o'), 8000);
    expect((await loadRecord(root)).compiles).toMatchObject([{ cwd: build, argv: { 1: '-O3' } }]);
  });

  it('writes out response files, which do not live long', async () => {
    await writeFiles(build, { 'members.rsp': 'x.o "a b.o"\n' });
    await seen(1, bytes('ar crs h.a @members.rsp'), 9000);
    await compactRecord(root);
    await rm(path.join(build, 'members.rsp'));
    const [archive] = (await loadRecord(root)).links;
    expect(archive?.inputs).toEqual([path.join(build, 'x.o'), path.join(build, 'a b.o')]);
  });

  it('survives a damaged record and can be emptied', async () => {
    await writeFile(statePaths(root).recordFile, '{"version":1,"calls":[1,{"cwd":2}]');
    await mkdir(path.join(statePaths(root).record, 'folder'));
    expect((await loadRecord(root)).compiles).toEqual([]);
    await seen(1, bytes('gcc -O2 -c ../src/x.c -o x.o'), 9000);
    await resetRecord(root);
    expect((await loadRecord(root)).compiles).toEqual([]);
  });
});

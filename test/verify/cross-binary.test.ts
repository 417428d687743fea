import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireTarget } from '../../src/target/target.js';
import { binaryNeeds } from '../../src/verify/cross-binary.js';
import { runCommand, temporaryFolder, testClang, writeFiles } from '../build/support.js';

let folder: string;
const arm = requireTarget('linux-glibc-arm64');
const at = (name: string): string => path.join(folder, name);

/** A library that takes symbols of chosen versions from a stand-in for the C library. */
beforeAll(async () => {
  folder = await temporaryFolder('cross-binary');
  await writeFiles(folder, {
    'libc.c': 'int early(void) { return 1; }\nint late(void) { return 2; }\n',
    'libc.map': 'GLIBC_2.9 { global: early; };\nGLIBC_2.34 { global: late; } GLIBC_2.9;\n',
    'addon.c': 'int early(void);\nint late(void);\nint run(void) { return early() + late(); }\n',
    'plain.c': 'int run(void) { return 1; }\n',
  });
  const { cc, tools } = await testClang();
  const build = async (...words: string[]) => {
    const common = ['-shared', '-nostdlib', '-fPIC', `--ld-path=${tools.lld}`];
    expect(await runCommand([cc, ...common, ...words], { cwd: folder })).toMatchObject({ code: 0 });
  };
  const aarch64 = '--target=aarch64-linux-gnu';
  await build(aarch64, 'libc.c', '-Wl,--version-script=libc.map', '-o', 'libc.so');
  await build(aarch64, 'addon.c', 'libc.so', '-o', 'addon.node');
  await build(aarch64, 'plain.c', '-o', 'plain.node');
  await build('--target=x86_64-linux-gnu', 'plain.c', '-o', 'x64.node');
}, 600_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('machine and oldest glibc are read from the file', async () => {
  expect(await binaryNeeds(at('addon.node'), arm)).toEqual({ machine: 'AArch64', glibc: '2.34' });
  expect(await binaryNeeds(at('addon.node'), arm, '2.34')).toMatchObject({ glibc: '2.34' });
  expect(await binaryNeeds(at('plain.node'), arm, '2.17')).toEqual({ machine: 'AArch64' });
});

test('a file for another machine, another C library or a newer glibc is refused', async () => {
  const refusal = (name: string, ...rest: [typeof arm, string?]) =>
    binaryNeeds(at(name), ...rest).catch((error: { code: string; message: string }) => error);
  expect(await refusal('x64.node', arm)).toMatchObject({
    code: 'WRONG_MACHINE',
    message: `${at('x64.node')} is x86-64, not AArch64.`,
  });
  expect(await refusal('addon.c', arm)).toMatchObject({ code: 'WRONG_MACHINE' });
  expect(await refusal('addon.node', requireTarget('linux-musl-arm64'))).toMatchObject({
    code: 'WRONG_LIBC',
  });
  expect(await refusal('addon.node', arm, '2.28')).toMatchObject({ code: 'GLIBC_TOO_NEW' });
});

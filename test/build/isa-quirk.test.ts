import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isaQuirk } from '../../src/build/isa-quirk.js';
import { runCommand, temporaryFolder, testClang, writeFiles } from './support.js';

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder('quirk');
  await writeFiles(folder, {
    'intrinsic.c': '#include <arm_acle.h>\nunsigned f(unsigned a) { return __crc32b(a, 1); }\n',
    'assembly.c': 'unsigned f(unsigned a) { __asm__("crc32b %w0, %w0, %w0" : "+r"(a)); return a; }\n',
    'broken.c': 'int f(void) { return nothing; }\n',
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function output(file: string, ...flags: string[]): Promise<string> {
  const { cc } = await testClang();
  const target = ['--target=aarch64-linux-gnu', '-ffreestanding'];
  const ran = await runCommand([cc, ...target, ...flags, '-c', file, '-o', 'x.o'], { cwd: folder });
  return ran.stderr;
}

test("clang's complaints about a missing ISA feature are found, and others are not taken for them", async () => {
  expect(isaQuirk(await output('intrinsic.c'))).toEqual({ file: 'intrinsic.c', feature: 'crc' });
  expect(isaQuirk(await output('assembly.c'))).toEqual({ file: 'assembly.c', feature: 'crc' });
  expect(isaQuirk(await output('broken.c'))).toBeUndefined();
  expect(await output('intrinsic.c', '-march=armv8-a+crc')).toBe('');
}, 600_000);

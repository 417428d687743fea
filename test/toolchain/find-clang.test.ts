import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptsArgs } from '../../src/toolchain/accepts.js';
import { findClangs, parseVersion, which } from '../../src/toolchain/find-clang.js';
import { run } from '../../src/toolchain/run.js';

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-toolchain-'));
  env = { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache') };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function script(name: string, body: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('parseVersion', () => {
  it('tells LLVM from Apple', () => {
    expect(
      parseVersion(
        'Debian clang version 19.1.7 (3~deb12u1)\nTarget: x86_64-pc-linux-gnu\nThread model: posix',
      ),
    ).toEqual({
      vendor: 'llvm',
      version: '19.1.7',
      major: 19,
      triple: 'x86_64-pc-linux-gnu',
    });
    expect(
      parseVersion('Apple clang version 15.0.0 (clang-1500.3.9.4)\nTarget: arm64-apple-darwin23.4.0\n')
        ?.vendor,
    ).toBe('apple');
  });

  it('knows gcc is not clang', () => {
    expect(parseVersion('gcc (Debian 12.2.0-14) 12.2.0\nCopyright (C) 2022')).toBeUndefined();
  });
});

describe('findClangs', () => {
  it('finds the installed clang with its tools', async () => {
    const clangs = await findClangs({ env });
    expect(clangs.length).toBeGreaterThan(0);
    const [newest] = clangs;
    expect(newest?.cxx).toMatch(/clang\+\+/);
    expect(newest?.tools.opt).toBeDefined();
    const answer = await run([newest?.cxx ?? '', '--version']);
    expect(answer.stdout).toContain(`clang version ${newest?.version}`);
  });

  it('takes AUTOPASS_CLANG alone and nothing when that is no clang', async () => {
    const fake = await script('clang', 'echo "gcc (Debian) 12.2.0"');
    expect(await findClangs({ env: { ...env, AUTOPASS_CLANG: fake } })).toEqual([]);
    const real = await which('clang-19');
    if (real === undefined) throw new Error('this test needs clang-19');
    const link = path.join(folder, 'my-clang');
    await symlink(real, link);
    const [found] = await findClangs({ env: { ...env, AUTOPASS_CLANG: link } });
    expect(found?.cc).toBe(link);
  });

  it('answers nothing on a machine without clang', async () => {
    expect(await findClangs({ env: { ...env, PATH: folder } })).toEqual([]);
  });

  it('asks a replaced binary again', async () => {
    const says = (major: number) => `echo "clang version ${major}.0.0\nTarget: x86_64-pc-linux-gnu"`;
    const file = await script('clang-18', says(18));
    await script('clang++-18', 'exit 0');
    const at = { ...env, PATH: `${folder}:/bin:/usr/bin`, AUTOPASS_CLANG: file };
    expect((await findClangs({ env: at }))[0]?.major).toBe(18);
    await script('clang-18', `${says(17)} # replaced`);
    expect((await findClangs({ env: at }))[0]?.major).toBe(17);
  });
});

describe('acceptsArgs', () => {
  it('believes what the compiler does, not what it exits with', async () => {
    const [clang] = await findClangs({ env });
    if (clang === undefined) throw new Error('this test needs clang');
    expect(await acceptsArgs(clang, ['-mllvm', '-inline-threshold=300'], 'c', { env })).toBe(true);
    expect(await acceptsArgs(clang, ['-mllvm', '-no-such-option-at-all=1'], 'c', { env })).toBe(false);
    // Unknown options beginning with h print help, exit 0 and write no object.
    expect(await acceptsArgs(clang, ['-mllvm', '-hxyz'], 'c', { env })).toBe(false);
  });
});

describe('run', () => {
  it('never throws, also when the program does not exist', async () => {
    const result = await run([path.join(folder, 'missing')]);
    expect(result.code).toBeNull();
    expect(result.spawnError).toContain('ENOENT');
  });

  it('ends the whole process group at the time-out', async () => {
    const pidFile = path.join(folder, 'pid');
    const file = await script('hang', `sleep 60 & echo $! > '${pidFile}'; wait`);
    const result = await run([file], { timeoutMs: 500 });
    expect(result.timedOut).toBe(true);
    const child = await run(['cat', pidFile]);
    const state = await run(['ps', '-o', 'stat=', '-p', child.stdout.trim()]);
    expect(state.stdout.trim()).toMatch(/^(?:Z.*)?$/);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runProcess } from '../../src/measure/run-process.js';

const node = (script: string) => ({
  argv: [process.execPath, '-e', script],
  cwd: '.',
  env: process.env,
  timeoutMs: 15_000,
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50 && isAlive(pid); attempt++) await sleep(50);
  return !isAlive(pid);
}

describe('runProcess', () => {
  it('tells the exit code and what was printed', async () => {
    const end = await runProcess(node('console.log("out"); console.error("err"); process.exit(3)'));
    expect(end).toMatchObject({ code: 3, signal: null, timedOut: false, stderr: 'err' });
    expect(end.stdout.toString()).toBe('out\n');
  });

  it('tells the signal that ended a process', async () => {
    expect((await runProcess(node('process.kill(process.pid, "SIGSEGV")'))).signal).toBe('SIGSEGV');
  });

  it('kills a process that hangs, and its children with it', async () => {
    const argv = ['sh', '-c', 'sleep 100 & echo $!; wait'];
    const end = await runProcess({ ...node(''), argv, timeoutMs: 1000 });
    expect(end.timedOut).toBe(true);
    const pid = Number(end.stdout.toString());
    expect(pid).toBeGreaterThan(0);
    expect(await untilDead(pid)).toBe(true);
  });

  it('kills what a process leaves behind when it ends by itself', async () => {
    const end = await runProcess({ ...node(''), argv: ['sh', '-c', 'sleep 100 & echo $!'] });
    expect(end.code).toBe(0);
    expect(await untilDead(Number(end.stdout.toString()))).toBe(true);
  });

  it('throws the reason of an abort', async () => {
    const controller = new AbortController();
    const running = runProcess({ ...node('setInterval(() => {}, 1000)'), signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await expect(running).rejects.toThrow('enough');
  });

  it('throws when there is no such program', async () => {
    await expect(runProcess({ ...node(''), argv: ['/nowhere/nothing'] })).rejects.toThrow('ENOENT');
  });
});

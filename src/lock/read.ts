import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { LeverPolicy } from '../levers/types.js';
import { maxLockSize, parseLock } from './parse.js';
import type { LockReading } from './types.js';

/** Reads and checks a lock; see `parseLock`. Never throws: what cannot be read is `invalid`. */
export async function readLock(path: string, policy: LeverPolicy = { allow: [] }): Promise<LockReading> {
  const name = basename(path);
  try {
    const text = await readLimited(path);
    return parseLock(text, name, policy);
  } catch (error) {
    if (isMissing(error)) return { kind: 'missing' };
    const reason = `cannot be read (${error instanceof Error ? error.message : String(error)})`;
    return { kind: 'invalid', problem: { where: name, reason }, hint: `make ${name} a readable file` };
  }
}

/** One byte more than a lock may have is enough for the parser to refuse it. */
async function readLimited(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, maxLockSize));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    return size >= maxLockSize ? text.padEnd(maxLockSize) : text;
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

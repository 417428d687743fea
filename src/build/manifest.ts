import { readFile } from 'node:fs/promises';
import { replaceFile } from './replace-file.js';

/** Plan path relative to the plans folder, to the digest of the plan that the objects were last built under. */
export type Manifest = Readonly<Record<string, string>>;

/** Undefined when there is none or it cannot be used: then nothing is known about the objects on disk. */
export async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as { version?: unknown; plans?: unknown };
    if (value.version !== 1 || typeof value.plans !== 'object' || value.plans === null) return undefined;
    const entries = Object.entries(value.plans);
    const usable = entries.every((entry): entry is [string, string] => typeof entry[1] === 'string');
    return usable ? Object.fromEntries(entries) : undefined;
  } catch {
    return undefined;
  }
}

export async function writeManifest(file: string, plans: Manifest): Promise<void> {
  await replaceFile(file, `${JSON.stringify({ version: 1, plans })}\n`);
}

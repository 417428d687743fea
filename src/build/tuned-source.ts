import { readFile } from 'node:fs/promises';
import { sourceHash } from '../lock/source-hash.js';
import { parseTunedSource } from './plan-file.js';

/** Whether a source that the build made is the one that its plan was tuned for. The launcher asks where the plan names one. */
export async function isTunedSource(planFile: string, packageRoot: string): Promise<boolean> {
  const tuned = parseTunedSource(await readFile(planFile, 'utf8'));
  return tuned !== undefined && (await sourceHash(packageRoot, tuned.file, tuned.includes)) === tuned.source;
}

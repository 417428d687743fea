import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The prefix of the running Node when its headers are installed beside it: node-gyp and cmake-js then need no
 * download. Headers of another version are of no use.
 */
export async function bundledHeaders(execPath: string = process.execPath): Promise<string | undefined> {
  const prefix = path.dirname(path.dirname(execPath));
  const text = await readFile(path.join(prefix, 'include/node/node_version.h'), 'utf8').catch(() => '');
  const part = (name: string): string | undefined =>
    new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  const version = `v${part('MAJOR')}.${part('MINOR')}.${part('PATCH')}`;
  return version === process.version ? prefix : undefined;
}

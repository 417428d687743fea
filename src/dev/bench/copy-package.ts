import { cp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** What a build or a session leaves behind. */
const leftBehind = /^(?:build|\.autopass|autopass\.lock|autopass\.profiles)$/;

/** Copies a package without what was built or tuned in it. A copy that is there already is taken as it is. */
export async function copyPackage(from: string, to: string): Promise<string> {
  if (await stat(to).catch(() => undefined)) return to;
  const partial = `${to}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(from, partial, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !leftBehind.test(path.relative(from, source)),
  });
  await rename(partial, to);
  return to;
}

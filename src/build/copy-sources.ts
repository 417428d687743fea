import { cp, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';

/** What builds and sessions leave behind, and what a copy shares or does without. */
const leftOut = /^(?:build|prebuilds|node_modules|\.autopass|\.git)$/;

/**
 * A fresh copy of a package's sources, for a build that must not touch the package's own. The dependencies are shared through a
 * link. What AutoPass itself keeps in the copy, such as the journal of a session, stays.
 */
export async function copySources(packageRoot: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(to)) {
    if (name !== '.autopass') await rm(path.join(to, name), { recursive: true, force: true });
  }
  for (const name of await readdir(packageRoot)) {
    if (leftOut.test(name)) continue;
    const options = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };
    await cp(path.join(packageRoot, name), path.join(to, name), options);
  }
  const dependencies = path.join(packageRoot, 'node_modules');
  const hasDependencies = await stat(dependencies).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (hasDependencies) await symlink(dependencies, path.join(to, 'node_modules'));
}

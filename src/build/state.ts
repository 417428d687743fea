import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Where AutoPass keeps what belongs to one checkout: `<package>/.autopass/`. All paths are absolute. */
export interface StatePaths {
  readonly root: string;
  /** Given to the launcher as `--state=`. */
  readonly build: string;
  readonly plans: string;
  /** One file per launcher process. */
  readonly record: string;
  /** The record, compacted. */
  readonly recordFile: string;
  readonly manifest: string;
  /** Held by the sync step that is running. */
  readonly syncLock: string;
}

export function statePaths(packageRoot: string): StatePaths {
  const root = path.join(packageRoot, '.autopass');
  const build = path.join(root, 'build');
  return {
    root,
    build,
    plans: path.join(build, 'plans'),
    record: path.join(build, 'record'),
    recordFile: path.join(build, 'record.json'),
    manifest: path.join(build, 'manifest.json'),
    syncLock: path.join(build, 'sync.lock'),
  };
}

/** Creates the folders, hidden from git. */
export async function ensureState(state: StatePaths): Promise<void> {
  await mkdir(state.record, { recursive: true });
  await writeFile(path.join(state.root, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

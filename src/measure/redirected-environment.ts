import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Environment in which every Node process loads the given files instead of the package's own. Needs `folder` while it is in use. */
export async function redirectedEnvironment(
  packageRoot: string,
  folder: string,
  binaries: Readonly<Record<string, string>>,
  preload: string,
): Promise<{ NODE_OPTIONS: string; AUTOPASS_REDIRECT: string }> {
  const file = join(folder, 'redirect.json');
  await writeFile(file, JSON.stringify({ packageRoot, binaries, marker: loadedMarker(folder) }));
  // As a URL, because NODE_OPTIONS is split at spaces.
  const option = `--import=${pathToFileURL(preload).href}`;
  return {
    NODE_OPTIONS: [process.env.NODE_OPTIONS ?? '', option].filter(Boolean).join(' '),
    AUTOPASS_REDIRECT: file,
  };
}

/** Exists once a process in that environment has loaded one of the files. */
export function loadedMarker(folder: string): string {
  return join(folder, 'loaded');
}

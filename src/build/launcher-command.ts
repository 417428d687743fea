import { AutoPassError } from '../errors.js';
import { applyFolder } from './apply-folder.js';
import { statePaths } from './state.js';

/** Characters that pass unharmed through make, the shell and CMake lists once single quotes are around them. */
const plainPath = /^[\w ./+@,:=~%^()[\]{}&!-]+$/u;

/** Whether a path can be written into the build system's own files. */
export function isUsablePath(file: string): boolean {
  return plainPath.test(file);
}

/**
 * The words to put before a compiler. `sh` is named because the exec bit does not survive every way in which a vendored
 * folder travels.
 * @throws AutoPassError `UNUSABLE_PATH`
 */
export function launcherCommand(packageRoot: string, folder: string = applyFolder()): string[] {
  for (const name of [packageRoot, folder]) {
    if (isUsablePath(name)) continue;
    throw new AutoPassError('UNUSABLE_PATH', `AutoPass cannot hook into a build below ${name}.`, {
      hint: 'Move it to a folder without quotes, backslashes, "$", "#" and ";" in its path.',
    });
  }
  return ['sh', `${folder}/launch`, `--state=${statePaths(packageRoot).build}`];
}

/** A command line for variables such as CC, which make hands to a shell and gyp splits as a shell would. */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w./+@,:=%-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}

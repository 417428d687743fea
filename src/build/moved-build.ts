import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RecordedCommand } from './types.js';

/** What node-pre-gyp makes of `build` when a Node-API package has been built: one folder for each version of Node-API. */
const movedBuild = /^build-tmp-napi-v\d+$/;

/** Whether a folder of this name is what the build system works in. */
export function isBuildFolder(name: string | undefined): boolean {
  return name === 'build' || movedBuild.test(name ?? '');
}

/** Whether a file, relative to the package, is made by the build: it is not there before, and may be another one after. */
export function isGenerated(file: string): boolean {
  return file.includes('/') && isBuildFolder(file.split('/')[0]);
}

/** A recorded command as it would be given now: where its build folder has been renamed since then, in the newest of the new ones. */
export function afterMove({ cwd, argv }: RecordedCommand): RecordedCommand {
  const [folder] = /^.*\/build(?=\/|$)/.exec(cwd) ?? [];
  const moved = folder === undefined || existsSync(cwd) ? undefined : newestBeside(folder);
  if (folder === undefined || moved === undefined) return { cwd, argv };
  const now = (file: string): string =>
    file === folder || file.startsWith(`${folder}/`) ? moved + file.slice(folder.length) : file;
  return { cwd: now(cwd), argv: argv.map(now) };
}

function newestBeside(folder: string): string | undefined {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) return undefined;
  const moved = readdirSync(parent).filter((name) => movedBuild.test(name));
  const dated = moved
    .map((name) => path.join(parent, name))
    .map((file) => ({ file, at: statSync(file).mtimeMs }));
  return dated.sort((a, b) => b.at - a.at)[0]?.file;
}

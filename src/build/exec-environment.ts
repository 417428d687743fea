import { applyFolder } from './apply-folder.js';
import { launcherCommand, quoteWords } from './launcher-command.js';

export interface ExecEnvironmentOptions {
  packageRoot: string;
  buildSystem: 'node-gyp' | 'cmake-js';
  env: NodeJS.ProcessEnv;
  /** Where the launcher is; found by default. */
  folder?: string;
}

/**
 * Variables that send every compiler call of a command through the launcher.
 * @throws AutoPassError `UNUSABLE_PATH`
 */
export function execEnvironment(options: ExecEnvironmentOptions): Record<string, string> {
  if (process.platform === 'win32') return {};
  const folder = options.folder ?? applyFolder();
  const launcher = launcherCommand(options.packageRoot, folder);
  return options.buildSystem === 'cmake-js'
    ? cmakeVariables(launcher, folder, options.env)
    : makeVariables(quoteWords(launcher), options.env);
}

/** What make takes where the environment says nothing; node-gyp writes the variables into its Makefile. */
const makeDefaults: Readonly<Record<string, string>> = {
  CC: 'cc',
  CXX: process.platform === 'darwin' ? 'c++' : 'g++',
  AR: 'ar',
};

const onlyWhenSet = ['CC_target', 'CXX_target', 'AR_target', 'LINK', 'LINK_target'];

function makeVariables(launcher: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const wrapped: Record<string, string> = {};
  for (const name of [...Object.keys(makeDefaults), ...onlyWhenSet]) {
    const original = env[name] || makeDefaults[name];
    if (original === undefined) continue;
    wrapped[name] = original.startsWith(launcher) ? original : `${launcher} ${original}`;
  }
  return wrapped;
}

/**
 * CMake initialises its cache from these; an existing cache keeps what it has, see `prepareCMakeBuild`. cmake-js turns
 * `npm_cmake_X` into `-DX`.
 */
function cmakeVariables(
  launcher: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const names = ['CMAKE_C_COMPILER_LAUNCHER', 'CMAKE_CXX_COMPILER_LAUNCHER'];
  const list = launcher.join(';');
  const variables: Record<string, string> = { npm_cmake_CMAKE_PROJECT_INCLUDE: `${folder}/autopass.cmake` };
  for (const name of names) {
    const original = env[name];
    variables[name] =
      original === undefined || original.startsWith(list) ? (original ?? list) : `${list};${original}`;
  }
  return variables;
}

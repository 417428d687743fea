import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export type BuildSystem = 'node-gyp' | 'cmake-js';

/**
 * How a package builds: what the command says, else what the package's scripts say, else which build file it has.
 * Everything that is not CMake counts as `node-gyp`: it takes its compiler from CC and CXX, as make does.
 */
export async function detectBuildSystem(
  packageRoot: string,
  command: readonly string[] = [],
): Promise<BuildSystem> {
  const said = mentioned(command.join(' '));
  if (said !== undefined) return said;
  const scripts = mentioned(await packageScripts(packageRoot));
  const gyp = existsSync(path.join(packageRoot, 'binding.gyp'));
  const cmake = existsSync(path.join(packageRoot, 'CMakeLists.txt'));
  if (gyp !== cmake) return gyp ? 'node-gyp' : 'cmake-js';
  return scripts ?? 'node-gyp';
}

function mentioned(text: string): BuildSystem | undefined {
  if (/\bcmake(?:-js)?\b/.test(text)) return 'cmake-js';
  return /\b(?:node-gyp|node-pre-gyp|prebuildify|electron-rebuild)\b/.test(text) ? 'node-gyp' : undefined;
}

async function packageScripts(packageRoot: string): Promise<string> {
  try {
    const { scripts } = JSON.parse(await readFile(path.join(packageRoot, 'package.json'), 'utf8')) as {
      scripts?: Record<string, unknown>;
    };
    return Object.values(scripts ?? {}).join('\n');
  } catch {
    return '';
  }
}

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatTarget } from '../target/target.js';
import type { CrossToolchain } from '../toolchain/cross.js';
import type { BuildSystem } from './detect-build-system.js';
import { quoteWords } from './launcher-command.js';
import { statePaths } from './state.js';

/**
 * Variables that make a build one for another machine: compiler, linker and archiver for node-gyp, a toolchain file for CMake, and the target
 * by which the sync step chooses lock entries. Writes the toolchain file below `.autopass/` of the package.
 */
export async function crossEnvironment(
  packageRoot: string,
  system: BuildSystem,
  toolchain: CrossToolchain,
): Promise<Record<string, string>> {
  const { clang, args, linkArgs, ar, target } = toolchain;
  const common = { AUTOPASS_TARGET: formatTarget(target), npm_config_arch: target.arch };
  if (system === 'cmake-js') {
    const file = path.join(statePaths(packageRoot).root, 'toolchain.cmake');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, toolchainFile(toolchain));
    return { ...common, npm_cmake_CMAKE_TOOLCHAIN_FILE: file };
  }
  return {
    ...common,
    CC: quoteWords([clang.cc, ...args]),
    CXX: quoteWords([clang.cxx, ...args]),
    LINK: quoteWords([clang.cxx, ...args, ...linkArgs]),
    AR: quoteWords([ar]),
  };
}

/** The CMake toolchain file for a target. CMake reads it again for every check that compiles something. */
export function toolchainFile(toolchain: CrossToolchain): string {
  const { clang, triple, linkArgs, ar, sysroot } = toolchain;
  const set = (name: string, value: string): string => `set(${name} ${quoted(value)})`;
  const lines = [
    set('CMAKE_SYSTEM_NAME', 'Linux'),
    set('CMAKE_SYSTEM_PROCESSOR', triple.split('-')[0] ?? ''),
    ...(['C', 'CXX', 'ASM'] as const).flatMap((language) => [
      set(`CMAKE_${language}_COMPILER`, language === 'CXX' ? clang.cxx : clang.cc),
      set(`CMAKE_${language}_COMPILER_TARGET`, triple),
    ]),
    set('CMAKE_AR', ar),
    set('CMAKE_RANLIB', ar.replace(/llvm-ar(?=[^/]*$)/, 'llvm-ranlib')),
    ...['EXE', 'SHARED', 'MODULE'].map((kind) => set(`CMAKE_${kind}_LINKER_FLAGS_INIT`, linkArgs.join(' '))),
    ...(sysroot === undefined ? [] : [set('CMAKE_SYSROOT', sysroot)]),
    set('CMAKE_FIND_ROOT_PATH_MODE_PROGRAM', 'NEVER'),
  ];
  return `${lines.join('\n')}\n`;
}

/** A bracket argument, in which CMake expands nothing. */
function quoted(text: string): string {
  return `[==[${text}]==]`;
}

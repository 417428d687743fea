import { relative } from 'node:path';
import type { Clang, LlvmTool } from '../toolchain/types.js';

/** Tools of clang's own LLVM that ThinLTO needs besides clang, at compiling and at linking. */
const needed: readonly LlvmTool[] = ['lld', 'llvm-objcopy', 'llvm-ar'];

/** Why ThinLTO is not possible with this clang here; `undefined` when it is. */
export function thinLtoProblem(
  clang: Clang,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (platform !== 'linux') return 'ThinLTO is done on Linux only';
  const missing = needed.filter((tool) => clang.tools[tool] === undefined);
  if (missing.length === 0) return undefined;
  const names = missing.map((tool) => (tool === 'lld' ? 'ld.lld' : tool)).join(', ');
  const packages = missing.map((tool) => (tool === 'lld' ? 'lld' : 'llvm'));
  const asked = [...new Set(packages)].map((name) => `${name}-${clang.major}`).join(' ');
  return `ThinLTO needs ${names} of LLVM ${clang.major}, not found (package ${asked})`;
}

/**
 * Arguments of the back end that runs at the link: those of the compile, without what the optimised module already carries
 * and without what differs between tuning and build.
 */
export function ltoBackEndArgs(args: readonly string[]): string[] {
  return args.filter((arg) => !arg.startsWith('-fprofile-use=') && arg !== '-fno-crash-diagnostics');
}

/**
 * Unoptimised IR that names its source relative to the folder of the compile. LLVM tells static functions of several modules
 * apart by that name, and CMake gives absolute ones, which differ from checkout to checkout.
 */
export function withRelativeSource(ir: string, cwd: string): string {
  return ir.replace(/^source_filename = "(\/[^"\\]*)"$/m, (_line, file: string) => {
    return `source_filename = "${relative(cwd, file)}"`;
  });
}

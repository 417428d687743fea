import { relative } from 'node:path';
import type { Clang } from '../toolchain/types.js';

/** What ThinLTO runs of one LLVM at the link; absolute paths. */
export interface ThinLtoTools {
  readonly major: number;
  readonly clang: string;
  readonly lld: string;
  readonly ar: string;
}

/** The tools for ThinLTO with this clang, or why it is not possible here. */
export function thinLtoTools(
  clang: Clang,
  platform: NodeJS.Platform = process.platform,
): { readonly ok: true; readonly tools: ThinLtoTools } | { readonly ok: false; readonly reason: string } {
  if (platform !== 'linux') return { ok: false, reason: 'ThinLTO is done on Linux only' };
  const { lld, 'llvm-ar': ar, 'llvm-objcopy': objcopy } = clang.tools;
  const { major, cc } = clang;
  if (lld !== undefined && ar !== undefined && objcopy !== undefined) {
    return { ok: true, tools: { major, clang: cc, lld, ar } };
  }
  const [name, inPackage] = lld === undefined ? ['ld.lld', 'lld'] : ['llvm-ar and llvm-objcopy', 'llvm'];
  return {
    ok: false,
    reason: `it needs ${name} of LLVM ${major}, which was not found (package ${inPackage}-${major})`,
  };
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

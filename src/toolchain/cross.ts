import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AutoPassError } from '../errors.js';
import { platformOf, type Target, tripleOf } from '../target/target.js';
import { type Run, run } from './run.js';
import type { Clang } from './types.js';

/** clang as the compiler for another machine. */
export interface CrossToolchain {
  readonly target: Target;
  readonly triple: string;
  readonly clang: Clang;
  /** Absolute path of the folder with the other machine's headers and libraries; absent where clang finds the distribution's by itself. */
  readonly sysroot?: string;
  /** Words after the compiler, for compiling and linking. */
  readonly args: readonly string[];
  /** Words that linking needs besides. */
  readonly linkArgs: readonly string[];
  /** Absolute path of an archiver that reads objects of every machine. */
  readonly ar: string;
}

const probeSource = `#include <cstdio>
#include <string>
#if defined(__GLIBC__) != AUTOPASS_GLIBC
#error the headers that it finds are those of another C library
#endif
extern "C" int autopass_probe(const char *text) { return std::printf("%s", std::string(text).c_str()); }
`;

/**
 * Checks by compiling and linking a small library that this clang can build for the target.
 * @throws AutoPassError `NO_CROSS_TARGET`, `NO_CROSS_TOOLS`, with the package that is missing
 */
export async function crossToolchain(options: {
  target: Target;
  clang: Clang;
  sysroot?: string | undefined;
  run?: Run;
}): Promise<CrossToolchain> {
  const { target, clang, sysroot } = options;
  if (target.os !== 'linux') {
    throw new AutoPassError('NO_CROSS_TARGET', `Cross builds are for Linux only, not for ${target.os}.`);
  }
  const triple = tripleOf(target);
  const { lld, 'llvm-ar': ar } = clang.tools;
  if (lld === undefined) throw missing(`ld.lld of LLVM ${clang.major} was not found`, `lld-${clang.major}`);
  if (ar === undefined) throw missing(`llvm-ar of LLVM ${clang.major} was not found`, `llvm-${clang.major}`);
  const toolchain: CrossToolchain = {
    target,
    triple,
    clang,
    ar,
    ...(sysroot !== undefined && { sysroot: path.resolve(sysroot) }),
    args: [`--target=${triple}`, ...(sysroot === undefined ? [] : [`--sysroot=${path.resolve(sysroot)}`])],
    linkArgs: [`--ld-path=${lld}`],
  };
  const problem = await probe(toolchain, options.run ?? run);
  if (problem === undefined) return toolchain;
  const what = `${clang.cxx} cannot build for ${triple}: ${problem}`;
  if (sysroot !== undefined) {
    throw new AutoPassError('NO_CROSS_TOOLS', what, {
      family: 'toolchain',
      hint: `"cross.sysroot" is ${sysroot}: it must hold the C and C++ headers and libraries of ${platformOf(target)}`,
    });
  }
  const inDebian = target.libc === 'glibc' ? `g++-${triple.replace('_', '-')}` : undefined;
  throw missing(what, inDebian);
}

function missing(what: string, inDebian: string | undefined): AutoPassError {
  const config = '"cross": { "sysroot": "/path" } in autopass.config.json';
  const hint =
    inDebian === undefined
      ? `Distributions have no package for it: unpack a root file system of the target (Alpine's, for musl) and name it with ${config}`
      : `On Debian or Ubuntu: apt-get install ${inDebian}. Or name a root file system of the target with ${config}`;
  return new AutoPassError('NO_CROSS_TOOLS', what, { family: 'toolchain', hint });
}

/** What went wrong, in one line. */
async function probe(toolchain: CrossToolchain, runTool: Run): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'autopass-cross-'));
  try {
    const source = path.join(folder, 'probe.cc');
    await writeFile(source, probeSource);
    const { clang, args, linkArgs, target } = toolchain;
    const libc = `-DAUTOPASS_GLIBC=${target.libc === 'glibc' ? 1 : 0}`;
    const flags = ['-O1', '-fPIC', '-shared', libc, source, '-o', path.join(folder, 'probe.so')];
    const result = await runTool([clang.cxx, ...args, ...linkArgs, ...flags], { timeoutMs: 120_000 });
    if (result.code === 0) return undefined;
    if (result.timedOut) return 'it took more than two minutes';
    const lines = (result.spawnError ?? result.stderr).split('\n');
    return lines.find((line) => /error:/.test(line))?.replace(/^.*?error: /, '') ?? lines[0];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { readFile } from 'node:fs/promises';
import { AutoPassError } from '../errors.js';
import { readElf } from '../measure/elf-file.js';
import { platformOf, type Target } from '../target/target.js';

/** What a machine must have for an addon file. */
export interface BinaryNeeds {
  /** For example `AArch64`. */
  readonly machine: string;
  /** Oldest glibc that has every symbol, for example `2.17`; absent when it needs none of glibc's versions. */
  readonly glibc?: string;
}

const machines: Readonly<Record<number, string>> = { 62: 'x86-64', 183: 'AArch64' };
const machineOfArch = { x64: 62, arm64: 183 } as const;

/**
 * Reads from an addon file for which machine and C library it is, and refuses one that is not for the target.
 * @param newestGlibc what the config allows, for example `2.28`
 * @throws AutoPassError `WRONG_MACHINE`, `WRONG_LIBC`, `GLIBC_TOO_NEW`
 */
export async function binaryNeeds(file: string, target: Target, newestGlibc?: string): Promise<BinaryNeeds> {
  const elf = readElf(await readFile(file));
  const wanted = machineOfArch[target.arch];
  if (elf?.machine !== wanted) {
    const found =
      elf === undefined ? 'no 64-bit ELF file' : (machines[elf.machine] ?? `machine ${elf.machine}`);
    throw new AutoPassError('WRONG_MACHINE', `${file} is ${found}, not ${machines[wanted]}.`, {
      family: 'toolchain',
      hint: 'The build did not use the compiler that it was given: look for CC and CXX, or a compiler named in its build files.',
    });
  }
  const glibc = newest(elf.versions.flatMap((version) => /^GLIBC_(\d+(?:\.\d+)+)$/.exec(version)?.[1] ?? []));
  const musl = elf.needed.some((name) => /^libc\.musl-|^ld-musl-/.test(name));
  if (target.libc === 'musl' ? glibc !== undefined : musl) {
    throw new AutoPassError('WRONG_LIBC', `${file} is not linked for ${platformOf(target)}.`, {
      family: 'toolchain',
      hint: '"cross.sysroot" in autopass.config.* must be a root file system of that C library.',
    });
  }
  if (glibc !== undefined && newestGlibc !== undefined && isNewer(glibc, newestGlibc)) {
    throw new AutoPassError(
      'GLIBC_TOO_NEW',
      `${file} needs glibc ${glibc}; the config allows ${newestGlibc}.`,
      {
        family: 'toolchain',
        hint: 'Build with an older root file system ("cross.sysroot"), or raise "cross.glibc".',
      },
    );
  }
  return { machine: machines[wanted] ?? '', ...(glibc !== undefined && { glibc }) };
}

/** For people: the machine and the oldest C library. */
export function formatNeeds({ machine, glibc }: BinaryNeeds): string {
  return glibc === undefined ? machine : `${machine}, needs glibc ${glibc} or newer`;
}

function newest(versions: readonly string[]): string | undefined {
  return versions.reduce<string | undefined>(
    (best, version) => (best === undefined || isNewer(version, best) ? version : best),
    undefined,
  );
}

function isNewer(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) > 0;
}

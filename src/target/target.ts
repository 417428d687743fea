import { AutoPassError } from '../errors.js';
import { tuningCpus } from './cpus.js';
import { isaLevels } from './isa.js';

/** What a lock entry or a cross build is made for. */
export interface Target {
  readonly os: 'linux' | 'darwin';
  readonly libc: 'glibc' | 'musl' | 'none';
  readonly arch: 'x64' | 'arm64';
  /** ISA level, one of `levelNames(arch)`. */
  readonly level: string;
  /** The core whose owners shall use it; absent means any. It decides who gets an entry, not which instructions are in it. */
  readonly cpu?: string;
}

const pattern = /^(linux-glibc|linux-musl|darwin)-(x64|arm64)(?:\/([a-z0-9.-]+))?(?:@([a-z0-9-]+))?$/;

/**
 * Reads a target such as `linux-glibc-arm64`, `linux-musl-x64/x86-64-v3` or `linux-glibc-arm64/armv8-a@cortex-a72`; without a level it
 * is the one that every processor runs. Undefined for what is none.
 */
export function parseTarget(text: string): Target | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, system = '', arch, level, cpu] = match;
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  const [os, libc = 'none'] = system.split('-') as [Target['os'], Target['libc']?];
  const names = levelNames(arch);
  const chosen = level ?? names.at(-1) ?? '';
  if (!names.includes(chosen)) return undefined;
  if (cpu === undefined) return { os, libc, arch, level: chosen };
  return arch === 'arm64' && tuningCpus.includes(cpu) ? { os, libc, arch, level: chosen, cpu } : undefined;
}

/**
 * Reads a target that a person named.
 * @throws AutoPassError `BAD_TARGET`
 */
export function requireTarget(text: string): Target {
  const target = parseTarget(text);
  if (target !== undefined) return target;
  const platform = /^[^/@]*/.exec(text)?.[0] ?? '';
  const known = parseTarget(platform);
  const hint =
    known === undefined
      ? 'For example: linux-glibc-arm64, linux-musl-x64, linux-glibc-x64/x86-64-v3, linux-glibc-arm64/armv8-a@cortex-a72'
      : `Levels of ${platform}: ${levelNames(known.arch).join(', ')}${
          known.arch === 'arm64' ? `; cores: ${tuningCpus.join(', ')}` : ''
        }`;
  throw new AutoPassError('BAD_TARGET', `${JSON.stringify(text)} is no target that AutoPass knows.`, {
    hint,
  });
}

/** The name by which locks and commands know a target. */
export function formatTarget(target: Target): string {
  return `${platformOf(target)}/${target.level}${target.cpu === undefined ? '' : `@${target.cpu}`}`;
}

/** System, C library and architecture, for example `linux-glibc-arm64`. */
export function platformOf({ os, libc, arch }: Pick<Target, 'os' | 'libc' | 'arch'>): string {
  return libc === 'none' ? `${os}-${arch}` : `${os}-${libc}-${arch}`;
}

/** What clang calls a Linux target, for example `aarch64-linux-gnu`. */
export function tripleOf({ libc, arch }: Target): string {
  return `${arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-${libc === 'musl' ? 'musl' : 'gnu'}`;
}

/** ISA levels of an architecture, best first; the last one runs everywhere. */
export function levelNames(arch: Target['arch']): readonly string[] {
  return [...isaLevels[arch]].reverse();
}

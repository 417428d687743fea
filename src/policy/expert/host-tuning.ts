import { readFileSync } from 'node:fs';
import { armCpus } from '../../target/cpus.js';

/**
 * The mtune value nearest to this machine's processor, from the text of `/proc/cpuinfo`; `undefined` when the
 * processor is unknown. Families and models as in LLVM's `TargetParser/Host.cpp`.
 */
export function tuningFor(cpuinfo: string): string | undefined {
  const field = (name: string): string =>
    new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(cpuinfo)?.[1]?.trim() ?? '';
  const features = new Set(field('flags').split(' '));
  const family = Number(field('cpu family'));
  if (field('vendor_id') === 'AuthenticAMD') {
    if (family >= 25 && features.has('avx512f')) return 'znver4';
    if (family >= 25) return 'znver3';
    return family === 23 ? 'znver2' : undefined;
  }
  if (field('vendor_id') === 'GenuineIntel') {
    if (features.has('avx512_vbmi2')) return 'icelake-server';
    if (features.has('avx512f')) return 'skylake';
    if (features.has('avx_vnni')) return 'alderlake';
    if (features.has('clflushopt')) return 'skylake';
    return features.has('avx2') ? 'haswell' : undefined;
  }
  return armCpus(cpuinfo)[0];
}

/** The mtune value for this machine; `undefined` where it cannot be told. */
export function hostTuning(): string | undefined {
  try {
    return tuningFor(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return undefined;
  }
}

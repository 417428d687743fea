import type { Configuration, RenderTarget } from '../../levers/types.js';

/** The configurations whose effect on the code makes a fingerprint. Another list needs another `probeVersion`. */
export const probes: readonly Configuration[] = [
  { 'O-level-O2': true },
  { 'O-level-Os': true },
  { 'fno-vectorize': true },
  { 'fno-slp-vectorize': true },
  { 'inline-threshold': 50 },
  { 'inline-threshold': 1000 },
  { 'fno-unroll-loops': true },
  { 'partial-unrolling-threshold': 256, 'unroll-runtime': true, 'unroll-threshold': 1000 },
];

const probeVersion = 1;

/** Fingerprints of different versions are not compared: another compiler or processor reacts otherwise. */
export function fingerprintVersion({ arch, major, level }: RenderTarget): string {
  return `${probeVersion}/llvm-${major}/${arch}/${level ?? 'baseline'}`;
}

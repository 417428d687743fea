import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Estimator } from '../measure/estimate/estimator.js';
import type { BenchTarget } from '../measure/types.js';
import { detectHost, type HostTarget, wantedTarget } from '../target/host.js';
import type { Clang } from '../toolchain/types.js';
import { requireClang } from './require-clang.js';

/** The machine that a session is for, and how its code is built and run here. */
export interface Site {
  readonly host: HostTarget & { readonly arch: 'x64' | 'arm64' };
  /** The target's name in the lock. */
  readonly target: string;
  /** The core that code is tuned for, where the target names one. */
  readonly cpu?: string;
  /** The processor that models of code are for, by LLVM's name; the one that runs this when absent. */
  readonly modelledCpu?: string;
  readonly clang: Clang;
  /** Variables of builds. */
  readonly env: NodeJS.ProcessEnv;
  /** Where its code runs, when not with this Node. */
  readonly runs?: Pick<BenchTarget, 'node' | 'device' | 'timeoutMs'>;
  /** Its code runs here as it does there: the package's tests can be run on it, and perf sees it. */
  readonly isLocal: boolean;
  /** Counts what is executed, and estimates speed where there is no device. */
  readonly emulated?: { readonly estimator: Estimator; readonly node: readonly string[] };
}

/**
 * This machine, at the ISA level that the config wants.
 * @throws AutoPassError `UNSUPPORTED_HOST`, `ISA_LEVEL`, `NO_CLANG`
 */
export async function localSite(config: Pick<Config, 'clang' | 'isa'>): Promise<Site> {
  const host = detectHost();
  if (host.arch === 'other' || host.os === 'win32' || host.os === 'other') {
    throw new AutoPassError(
      'UNSUPPORTED_HOST',
      `Tuning works on Linux and macOS, x64 and arm64; this is ${process.platform} ${process.arch}.`,
    );
  }
  const target = wantedTarget(host, config.isa);
  const clang = await requireClang(config);
  return { host: { ...host, arch: host.arch }, target, clang, env: process.env, isLocal: true };
}

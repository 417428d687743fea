import type { Config } from '../config/load.js';
import { createEstimator } from '../measure/estimate/estimator.js';
import { machineOf } from '../target/host.js';
import { formatTarget, type Target } from '../target/target.js';
import { crossFolder, makeCrossCopy } from './cross-copy.js';
import { crossNode } from './cross-node.js';
import type { Site } from './site.js';

/** Emulated code is some ten times slower, vector code fifty times. */
const emulatedTimeoutMs = 30 * 60_000;

/** What estimates are for where the target names no core. */
const usualCpu = { arm64: 'neoverse-n1', x64: 'skylake' } as const;

/**
 * Another machine, as far as this one can stand for it: the package is built in a copy with clang as the cross compiler, and its
 * code runs under an emulator.
 * @returns the site, and the config of the copy
 * @throws AutoPassError `NO_CLANG`, `NO_CROSS_TARGET`, `NO_CROSS_TOOLS`, `NO_CROSS_NODE`, `NO_EMULATOR`, `NO_COMPILER`, `NO_COUNTER`
 */
export async function crossSite(config: Config, target: Target): Promise<{ site: Site; config: Config }> {
  const folder = crossFolder(config.packageRoot, target, 'cross-tune');
  const { toolchain, env, config: own } = await makeCrossCopy(config, target, folder);
  const clang = { ...toolchain.clang, triple: toolchain.triple };
  const node = await crossNode(config, toolchain);
  const cpu = target.cpu ?? usualCpu[target.arch];
  const estimator = await createEstimator({ clang, triple: clang.triple, cpu, env });
  const site: Site = {
    host: { ...machineOf(target), arch: target.arch },
    target: formatTarget(target),
    ...(target.cpu !== undefined && { cpu: target.cpu }),
    clang,
    env,
    runs: { node, timeoutMs: emulatedTimeoutMs },
    emulated: { estimator, node },
    isLocal: false,
  };
  return { site, config: own };
}

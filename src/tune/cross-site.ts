import type { Config } from '../config/load.js';
import { AutoPassError } from '../errors.js';
import type { Logger } from '../log.js';
import { openDevices } from '../measure/device/open-devices.js';
import { createEstimator } from '../measure/estimate/estimator.js';
import { baselineTarget, machineOf } from '../target/host.js';
import { formatTarget, requireTarget, type Target } from '../target/target.js';
import { crossFolder, makeCrossCopy } from './cross-copy.js';
import { crossNode } from './cross-node.js';
import type { Site } from './site.js';

/** Which machine is meant: by its target, by devices of that kind, or both. */
export interface Elsewhere {
  /** What every machine like the devices runs, when absent. */
  readonly target?: Target;
  /** `ssh://user@host:port`; without any an emulator stands in. */
  readonly devices: readonly string[];
}

/** Emulated code is some ten times slower, vector code fifty times. */
const emulatedTimeoutMs = 30 * 60_000;

/** What models of code are for where the target names no core. */
const usualCpu = { arm64: 'neoverse-n1', x64: 'skylake' } as const;

/**
 * Another machine for the time of `use`: the package is built in a copy with clang as the cross compiler, and its code runs on devices
 * or under an emulator. `use` gets the config of the copy.
 * @throws AutoPassError `NO_CLANG`, `NO_CROSS_TARGET`, `NO_CROSS_TOOLS`; `SAME_MACHINE`, `NO_CROSS_NODE`, `NO_EMULATOR`, `NO_COMPILER`, `NO_COUNTER`
 * without devices, and with them what `openDevices` throws
 */
export async function withCrossSite<T>(
  config: Config,
  { target: wanted, devices }: Elsewhere,
  options: { logger: Logger; signal: AbortSignal | undefined },
  use: (site: Site, config: Config) => Promise<T>,
): Promise<T> {
  const device =
    devices.length === 0 ? undefined : await openDevices(devices, { ...options, target: wanted });
  try {
    const target = wanted ?? requireTarget(device === undefined ? '' : baselineTarget(device.host));
    const folder = crossFolder(config.packageRoot, target, 'cross-tune');
    const { toolchain, env, config: own } = await makeCrossCopy(config, target, folder);
    const clang = { ...toolchain.clang, triple: toolchain.triple };
    const cpu = target.cpu ?? usualCpu[target.arch];
    const common = {
      host: { ...machineOf(target), arch: target.arch },
      target: formatTarget(target),
      ...(target.cpu !== undefined && { cpu: target.cpu }),
      modelledCpu: cpu,
      clang,
      env,
      isLocal: false,
    };
    const isEmulated = target.arch !== process.arch || config.cross.emulator !== undefined;
    const emulate = async (): Promise<NonNullable<Site['emulated']>> => ({
      node: await crossNode(config, toolchain),
      estimator: await createEstimator({ clang, triple: clang.triple, cpu, env }),
    });
    if (device !== undefined) {
      // Only tells what is hot there; without it the session goes on.
      const emulated = isEmulated ? await emulate().catch(() => undefined) : undefined;
      return await use({ ...common, runs: { device }, ...(emulated && { emulated }) }, own);
    }
    if (!isEmulated) throw sameMachine(target);
    const emulated = await emulate();
    const runs = { node: emulated.node, timeoutMs: emulatedTimeoutMs };
    return await use({ ...common, runs, emulated }, own);
  } finally {
    await device?.close();
  }
}

function sameMachine(target: Target): AutoPassError {
  return new AutoPassError(
    'SAME_MACHINE',
    `An estimate for ${formatTarget(target)} says less than measuring on this ${target.arch} machine does.`,
    { hint: `autopass tune --isa ${target.level}, or name a machine with --device ssh://USER@HOST` },
  );
}

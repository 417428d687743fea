import type { HostTarget } from '../../target/host.js';
import type { PackagePlace, Task, Trial } from '../trial.js';
import type { Variant } from '../types.js';

/** What a device runs: one process of the harness. Paths are those of this machine. */
export interface DeviceJob {
  readonly task: Task;
  readonly place: PackagePlace;
  readonly variants: readonly Variant[];
  /** Not copied with the package. */
  readonly workDir: string;
  /** Variables for the harness. `libraryPath`: folders on the device with libraries of the variants. */
  readonly environment: (libraryPath: readonly string[]) => Readonly<Record<string, string>>;
  /** To one core, where the device can. */
  readonly pin: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface DeviceTrial extends Trial {
  /** Kind of trouble → one line. */
  readonly warnings: ReadonlyMap<string, string>;
}

/** A machine, or several of one kind, on which trials run. */
export interface Device {
  readonly url: string;
  /** System, C library, architecture, ISA levels and cores. */
  readonly host: HostTarget;
  readonly node: { readonly path: string; readonly version: string };
  /** How many trials run at the same time. */
  readonly parallel: number;
  /**
   * Runs the harness there, after those before it. The package is copied once, and of the variants each file that is not there yet.
   * @throws AutoPassError `DEVICE_LOST`, `DEVICE_COPY`, `DEVICE_FAILED`; the reason of the signal when aborted
   */
  run(job: DeviceJob): Promise<DeviceTrial>;
  /** Removes everything from the device; never throws. */
  close(): Promise<void>;
}

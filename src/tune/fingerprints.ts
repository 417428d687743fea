import os from 'node:os';
import { readObjectAssembly } from '../evidence/object-assembly.js';
import type { Configuration } from '../levers/types.js';
import {
  type CodeCounts,
  countsOf,
  type Fingerprint,
  fingerprintOf,
} from '../policy/knowledge/fingerprint.js';
import { probes } from '../policy/knowledge/probes.js';
import type { Clang } from '../toolchain/types.js';
import { mapPool } from './pool.js';
import type { TunedUnit } from './units.js';
import type { Workspace } from './workspace.js';

export interface FingerprintOptions {
  readonly workspace: Pick<Workspace, 'compile'>;
  readonly clang: Clang;
  /** Whether there is time for another compile. */
  readonly mayGoOn: () => boolean;
  readonly signal: AbortSignal | undefined;
}

/** What probes compile: the units that are tuned, without what tuning made of them. */
export type ProbedUnit = Pick<TunedUnit, 'command' | 'evidence'>;

/** How the units' hot code, taken together, reacts to the probes; undefined where it cannot be told. */
export async function takeFingerprint(
  units: readonly ProbedUnit[],
  options: FingerprintOptions,
): Promise<Fingerprint | undefined> {
  const configurations: readonly Configuration[] = [{}, ...probes];
  const counts = await mapPool(configurations, os.availableParallelism(), (configuration) =>
    countsUnder(configuration, units, options),
  );
  options.signal?.throwIfAborted();
  const [plain, ...probed] = counts;
  const known = probed.filter((one) => one !== undefined);
  return plain === undefined || known.length < probes.length ? undefined : fingerprintOf(plain, known);
}

async function countsUnder(
  configuration: Configuration,
  units: readonly ProbedUnit[],
  { workspace, clang, mayGoOn, signal }: FingerprintOptions,
): Promise<CodeCounts | undefined> {
  const parts = [];
  for (const { command, evidence } of units) {
    if (!mayGoOn()) return undefined;
    const outcome = await workspace.compile(command, configuration);
    if (outcome.kind !== 'compiled') return undefined;
    const names = new Set(evidence.hot.map(({ name }) => name));
    const read = await readObjectAssembly(outcome.object.path, names, clang, signal);
    if (read.kind !== 'read') return undefined;
    parts.push({ hot: evidence.hot, code: read.facts });
  }
  return countsOf(parts);
}

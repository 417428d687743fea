import type { LockEntry, LockMeasurement } from '../lock/types.js';
import type { Variant, VariantResult } from '../measure/types.js';
import { lockMeasurement } from './lock-measurement.js';
import { invert, widened } from './ratios.js';
import type { Ratio } from './result.js';
import type { Assembly, CompiledObject, Workspace } from './workspace.js';

/** An entry as it was compiled here: recorded object paths and what stands in for them. */
export interface CompiledEntry {
  readonly entry: LockEntry;
  readonly tuned: ReadonlyMap<string, CompiledObject>;
  readonly plain: ReadonlyMap<string, CompiledObject>;
}

/** For each entry that holds an estimate: the tuned addon with that unit at plain -O3, and with it as the stock compiler made it. */
export async function unitVariants(
  compiled: readonly CompiledEntry[],
  final: Assembly,
  workspace: Workspace,
): Promise<Variant[]> {
  const variants: Variant[] = [];
  for (const [index, { entry, tuned, plain }] of compiled.entries()) {
    if (entry.measured.estimate !== true) continue;
    const others = new Map([...final].filter(([output]) => !tuned.has(output)));
    variants.push(await workspace.variant(`o3 ${index}`, new Map([...others, ...plain])));
    variants.push(await workspace.variant(`stock ${index}`, others));
  }
  return variants;
}

/** The entries that held estimates, with what was measured of {@link unitVariants}. */
export function measuredEntries(
  compiled: readonly CompiledEntry[],
  results: ReadonlyMap<string, VariantResult>,
  facts: Pick<LockMeasurement, 'noiseFloor' | 'sameInputs'>,
): LockEntry[] {
  return compiled.flatMap(({ entry }, index) => {
    const [o3, stock] = [results.get(`o3 ${index}`), results.get(`stock ${index}`)];
    if (o3 === undefined || stock === undefined || [o3, stock].some(({ outcome }) => outcome === 'failed'))
      return [];
    const over = (result: VariantResult): Ratio => widened(invert(result), facts.noiseFloor);
    return [{ ...entry, measured: lockMeasurement({ vsO3: over(o3), vsStock: over(stock) }, facts) }];
  });
}

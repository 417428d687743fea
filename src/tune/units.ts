import type { CompileCommand } from '../build/types.js';
import type { Evidence } from '../evidence/types.js';
import type { Configuration } from '../levers/types.js';
import type { PolicyTrial } from '../policy/types.js';
import type { Assembly, CompiledObject } from './workspace.js';

/** A hot translation unit while it is tuned. */
export interface TunedUnit {
  /** `file`, or `file (object)` when the build compiles the file more than once. */
  readonly key: string;
  /** The build compiles this file to several objects. */
  readonly isAmbiguous: boolean;
  readonly command: CompileCommand;
  readonly share: number;
  readonly evidence: Evidence;
  /** Plain clang -O3. */
  readonly baseline: CompiledObject;
  incumbent: Incumbent;
  /**
   * What the project's own gcc made faster than the incumbent of then: the best of trials on all units at once, and of those on this one, whose speedups
   * cannot be compared. Judging chooses; the search goes on with what clang makes.
   */
  readonly rivals: Map<'addon' | 'unit', Incumbent>;
}

export interface Incumbent {
  readonly configuration: Configuration;
  readonly object: CompiledObject;
  /** Of the addon over plain -O3, as it was measured when it won. */
  readonly speedup: number;
  /** The same for each case of the bench. */
  readonly cases?: Readonly<Record<string, number>>;
}

/** Keeps a rival where it is the best of its kind; tells whether it is. */
export function addRival({ rivals }: TunedUnit, kind: 'addon' | 'unit', rival: Incumbent): boolean {
  const known = rivals.get(kind);
  if (known !== undefined && known.speedup >= rival.speedup) return false;
  rivals.set(kind, rival);
  return true;
}

/** The incumbent as if it had been a trial, level with itself. */
export function asTrial({ configuration, speedup, cases }: Incumbent): PolicyTrial {
  const numbers = { speedup, ci: [speedup, speedup] as const, ...(cases && { cases }) };
  return { configuration, origin: 'incumbent', outcome: 'within-noise', ...numbers };
}

/** The addon with every unit at its incumbent, everything else as in `base`. */
export function incumbentAssembly(base: Assembly, units: readonly TunedUnit[]): Assembly {
  const assembly = new Map(base);
  for (const unit of units) assembly.set(unit.command.output, unit.incumbent.object);
  return assembly;
}

/** The same assembly with other objects for some units, or with those of the stock build. */
export function withObjects(
  base: Assembly,
  objects: ReadonlyMap<TunedUnit, CompiledObject | 'stock'>,
): Assembly {
  const assembly = new Map(base);
  for (const [unit, object] of objects) {
    if (object === 'stock') assembly.delete(unit.command.output);
    else assembly.set(unit.command.output, object);
  }
  return assembly;
}

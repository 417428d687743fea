import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildBinaries, ChildSpec } from './child/protocol.js';
import { type ProcessEnd, type ProcessRequest, runProcess } from './run-process.js';

/** The parts of a spec that depend on where the harness runs. */
type Placed = 'packageRoot' | 'entry' | 'bench' | 'variants' | 'out';

/** What the harness shall do, without where. */
export type Task<Spec = ChildSpec> = Spec extends unknown ? Omit<Spec, Placed> : never;

/** The package and its bench module in the place where the harness runs. */
export interface PackagePlace {
  readonly packageRoot: string;
  /** Absolute path. */
  readonly bench: string;
  readonly entry?: string | undefined;
}

/** What one process of the harness left. */
export interface Trial {
  readonly end: ProcessEnd;
  /** The `ChildResult`, as `v8.serialize` wrote it. */
  readonly written?: Buffer | undefined;
  /** The case it was in when it wrote no result. */
  readonly inCase?: string | undefined;
}

/** A spec for the harness; its result goes into `folder`. */
export function placeTask(
  task: Task,
  { packageRoot, bench, entry }: PackagePlace,
  variants: readonly ChildBinaries[],
  folder: string,
): ChildSpec {
  const placed = { packageRoot, bench, variants, out: join(folder, 'result') };
  return { ...task, ...placed, ...(entry !== undefined && { entry }) };
}

/** Runs the harness on a spec in the folder that the spec's result goes into. `start`: the words that start Node. */
export async function runTrial(
  options: Pick<ProcessRequest, 'env' | 'timeoutMs' | 'signal'> & {
    readonly spec: ChildSpec;
    readonly start: readonly string[];
    readonly harness: string;
  },
): Promise<Trial> {
  const { spec, start, harness, ...process } = options;
  const file = `${spec.out}.spec.json`;
  await writeFile(file, JSON.stringify(spec));
  const argv = [...start, '--expose-gc', harness, file];
  const end = await runProcess({ ...process, argv, cwd: spec.packageRoot });
  return {
    end,
    written: await readFile(spec.out).catch(() => undefined),
    inCase: await readFile(`${spec.out}.case`, 'utf8').catch(() => undefined),
  };
}

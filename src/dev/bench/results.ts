import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AutoPassError } from '../../errors.js';

/** A speedup with its 95 % interval; above 1 is faster. */
export interface Speedup {
  readonly ratio: number;
  readonly ci: readonly [number, number];
}

/** The best speedup over -O3 that a session knew after so many measured trials, on `tune` inputs. */
export interface Step extends Speedup {
  readonly trial: number;
}

/** What a session may spend; another value of any field makes another session. */
export interface SessionSettings {
  readonly trials: number;
  readonly minutes: number;
  readonly seed: number;
}

/** One policy's session on one addon. */
export interface SessionRecord {
  readonly settings: SessionSettings;
  readonly verdict: string;
  /** Measured. */
  readonly trials: number;
  readonly elapsedMs: number;
  readonly steps: readonly Step[];
}

/** The one measurement, on `check` inputs, of every method's final build against -O3. */
export interface FinalRecord {
  /** Method → speedup over -O3, the noise floor included. */
  readonly speedups: Readonly<Record<string, Speedup>>;
  /** Method → why it has no speedup. */
  readonly missing: Readonly<Record<string, string>>;
  /** What linking -O3 in another order did, as a ratio minus 1. */
  readonly noiseFloor: number;
  readonly processes: number;
  readonly compiler: string;
  readonly at: string;
}

export interface AddonRecord {
  readonly package: string;
  readonly sessions: Readonly<Record<string, SessionRecord>>;
  readonly final?: FinalRecord | undefined;
}

/** What is written to `results.json`. */
export interface BenchResults {
  readonly version: 1;
  /** Processor, cores and system. */
  readonly machine: string;
  readonly addons: Readonly<Record<string, AddonRecord>>;
}

const interval = z.tuple([z.number(), z.number()]);
const speedup = z.object({ ratio: z.number(), ci: interval });
const session = z.object({
  settings: z.object({ trials: z.number(), minutes: z.number(), seed: z.number() }),
  verdict: z.string(),
  trials: z.number(),
  elapsedMs: z.number(),
  steps: z.array(speedup.extend({ trial: z.number() })),
});
const final = z.object({
  speedups: z.record(z.string(), speedup),
  missing: z.record(z.string(), z.string()),
  noiseFloor: z.number(),
  processes: z.number(),
  compiler: z.string(),
  at: z.string(),
});
const schema = z.object({
  version: z.literal(1),
  machine: z.string(),
  addons: z.record(
    z.string(),
    z.object({ package: z.string(), sessions: z.record(z.string(), session), final: final.optional() }),
  ),
});

/**
 * The results of earlier runs in the folder; empty ones when there are none.
 * @throws AutoPassError `BAD_RESULTS`
 */
export async function readResults(folder: string, machine: string): Promise<BenchResults> {
  const file = path.join(folder, 'results.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { version: 1, machine, addons: {} };
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success && parsed.data.machine === machine) return parsed.data;
  const problem = parsed.success
    ? `is from another machine (${parsed.data.machine})`
    : `is damaged: ${z.prettifyError(parsed.error)}`;
  throw new AutoPassError('BAD_RESULTS', `${file} ${problem}`, {
    hint: 'Name another folder with --results, or delete the file.',
  });
}

/** Writes a file of the results folder: whole or not at all. */
export async function writeResultFile(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  await writeFile(`${file}.tmp`, text);
  await rename(`${file}.tmp`, file);
}

/** The results with one addon's record replaced. */
export function withAddon(results: BenchResults, name: string, record: AddonRecord): BenchResults {
  return { ...results, addons: { ...results.addons, [name]: record } };
}

import { pathToFileURL } from 'node:url';
import { seededUniform } from '../random.js';
import { loadFresh, resolveEntry, spreadCopies } from './load.js';
import type { ChildFailure, ChildSpec } from './protocol.js';
import { type Redirect, redirectLoads } from './redirect.js';

type Cases = Readonly<Record<string, () => unknown>>;

/** A failure with the stage and the variant it belongs to. */
export class BenchFailure extends Error {
  readonly report: ChildFailure;

  constructor(report: Omit<ChildFailure, 'kind'>) {
    super(report.detail);
    this.report = { kind: 'failure', ...report };
  }
}

/** The bench module, ready to be given variants of the addon. */
export interface OpenBench {
  readonly redirect: Redirect;
  readonly sameInputs: boolean;
  /** Loads the package with this variant's files and makes the cases from it. */
  load(variant: number): Promise<Cases>;
}

/** Imports the bench module and prepares the redirection. */
export async function openBench(spec: ChildSpec): Promise<OpenBench> {
  const redirect = redirectLoads(spec.packageRoot, spec.variants);
  const entry = await at({ stage: 'load' }, () => resolveEntry(spec.packageRoot, spec.entry));
  if (entry.format === 'module') spreadCopies();
  const makeCases = await at({ stage: 'bench' }, () => benchFunction(spec.bench));
  return {
    redirect,
    sameInputs: makeCases.length < 2,
    async load(variant) {
      redirect.use(variant);
      // Benches like to make their inputs with Math.random: each variant gets the same numbers, `check` others than `tune`.
      Math.random = seededUniform(spec.inputs === 'tune' ? 1 : 2);
      const addon = await at({ stage: 'load', variant }, () => loadFresh(entry, variant, redirect.owns));
      return at({ stage: 'cases', variant }, async () => checkCases(await makeCases(addon, spec.inputs)));
    },
  };
}

/** Runs a step; what it throws becomes a `BenchFailure` of this stage. */
export async function at<T>(
  where: Omit<ChildFailure, 'kind' | 'detail'>,
  step: () => T | Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof BenchFailure) throw error;
    throw new BenchFailure({ ...where, detail: error instanceof Error ? describe(error) : String(error) });
  }
}

function describe(error: Error): string {
  const place = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return place === undefined ? `${error.message}` : `${error.message} (${place.trim()})`;
}

type MakeCases = (addon: unknown, inputs: string) => unknown;

async function benchFunction(path: string): Promise<MakeCases> {
  const module: { default?: unknown } = await import(pathToFileURL(path).href);
  const exported = module.default;
  const nested =
    typeof exported === 'object' && exported !== null && 'default' in exported && exported.default;
  const found = typeof exported === 'function' ? exported : nested;
  if (typeof found !== 'function')
    throw new Error('the bench module has no default export that is a function');
  return found as MakeCases;
}

function checkCases(cases: unknown): Cases {
  if (typeof cases !== 'object' || cases === null)
    throw new Error('the bench function returned no object of cases');
  for (const [name, run] of Object.entries(cases)) {
    if (typeof run !== 'function') throw new Error(`the case ${JSON.stringify(name)} is not a function`);
  }
  if (Object.keys(cases).length === 0) {
    throw new BenchFailure({ stage: 'no-cases', detail: 'the bench function returned no cases' });
  }
  return cases as Cases;
}

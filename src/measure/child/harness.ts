/**
 * The program that loads variants of an addon and runs the bench on them, in a process of its own. Started with the path of a
 * `ChildSpec` in JSON; writes a `ChildResult` to `spec.out`. Imports nothing but Node's own modules.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { serialize } from 'node:v8';
import { BenchFailure, openBench } from './bench.js';
import { countCases } from './counting.js';
import { collectOutputs } from './outputs.js';
import type { ChildResult, ChildSpec } from './protocol.js';
import { loopCases, timeVariants } from './timing.js';

async function run(spec: ChildSpec): Promise<ChildResult> {
  const bench = await openBench(spec);
  if (spec.kind === 'time') return timeVariants(bench, spec);
  if (spec.kind === 'outputs') return collectOutputs(bench, spec);
  if (spec.kind === 'count') return countCases(bench, spec);
  return loopCases(bench, spec);
}

function failure(error: unknown): ChildResult {
  if (error instanceof BenchFailure) return error.report;
  return { kind: 'failure', stage: 'bench', detail: error instanceof Error ? error.message : String(error) };
}

const spec: ChildSpec = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const result = await run(spec).catch(failure);
writeFileSync(`${spec.out}.part`, serialize(result));
renameSync(`${spec.out}.part`, spec.out);
process.exit(0);

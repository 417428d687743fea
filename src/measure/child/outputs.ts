import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { OpenBench } from './bench.js';
import { encodeOutput } from './encode.js';
import type { CaseOutputs, OutputsResult, OutputsSpec } from './protocol.js';

/** Calls of each case: the second sees state that the first left behind, such as reused tables. */
const callsPerCase = 2;

/** Loads the variants one after the other and hands back what their cases return. */
export async function collectOutputs(bench: OpenBench, spec: OutputsSpec): Promise<OutputsResult> {
  dieWithParent();
  const variants: OutputsResult['variants'][number][] = [];
  for (const variant of spec.variants.keys()) {
    const cases = await bench.load(variant);
    const outputs: Record<string, CaseOutputs> = Object.create(null);
    for (const [name, run] of Object.entries(cases)) {
      // Left behind by a crash, it tells in which case.
      writeFileSync(`${spec.out}.case`, name);
      outputs[name] = await callCase(run);
    }
    const { redirect } = bench;
    variants.push({
      cases: { ...outputs },
      loaded: redirect.loaded(variant),
      loadErrors: redirect.errors(variant),
    });
  }
  return { kind: 'outputs', sameInputs: bench.sameInputs, variants };
}

async function callCase(run: () => unknown): Promise<CaseOutputs> {
  const outputs: unknown[] = [];
  try {
    for (let call = 0; call < callsPerCase; call++) {
      const output = await run();
      // Copied at once: the addon may reuse its memory in the next call.
      outputs.push(structuredClone(encodeOutput(output)));
    }
    return { outputs };
  } catch (error) {
    return { outputs, threw: error instanceof Error ? error.message : String(error) };
  }
}

/** A native call that hangs blocks this thread, so another one watches whether the parent, which would kill it, still lives. */
function dieWithParent(): void {
  const watch = `const parent = process.ppid; setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, 1000);`;
  new Worker(watch, { eval: true, execArgv: [], stderr: true }).unref();
}

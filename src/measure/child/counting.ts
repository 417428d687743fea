import { writeFileSync } from 'node:fs';
import { at, BenchFailure, type OpenBench } from './bench.js';
import type { CountResult, CountSpec } from './protocol.js';

/** As in `templates/qemu/count-blocks.c`: no process has such a number. */
const mark = 0x4150_0000;

/** Loads the variants one after the other and has the emulator count one call of each case, after one that warms up. */
export async function countCases(bench: OpenBench, spec: CountSpec): Promise<CountResult> {
  const phases: { variant: number; case: string }[] = [];
  for (const variant of spec.variants.keys()) {
    for (const [name, run] of Object.entries(await bench.load(variant))) {
      // Left behind by a crash, it tells in which case.
      writeFileSync(`${spec.out}.case`, name);
      await at({ stage: 'case', case: name, variant }, async () => {
        await run();
        // Finalizers of the first call's objects belong to no call.
        globalThis.gc?.();
        signalEmulator(phases.push({ variant, case: name }));
        await run();
        signalEmulator(0);
      });
    }
    if (bench.redirect.loaded(variant).length > 0) continue;
    const detail = bench.redirect.errors(variant)[0] ?? 'the package ran without loading this file';
    throw new BenchFailure({ stage: 'not-loaded', variant, detail });
  }
  return { kind: 'count', sameInputs: bench.sameInputs, phases, variants: spec.variants };
}

/** Begins a phase, or ends the one at work when it is 0. */
function signalEmulator(phase: number): void {
  try {
    process.kill(mark + phase, 0);
  } catch {
    // That there is no such process was known.
  }
}

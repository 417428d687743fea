import { readFileSync } from 'node:fs';
import { createRemarkParser } from '../../src/evidence/remark-parser.js';
import { createRemarkCollector } from '../../src/evidence/remarks.js';
import type { AssemblyFacts, Evidence, Remark } from '../../src/evidence/types.js';

/** Text of a file of real tool output. */
export function captured(path: string): string {
  return readFileSync(new URL(`../../fixtures/captured/${path}`, import.meta.url), 'utf8');
}

/** Remarks of clang 19 on a real translation unit, trimmed to a few hot functions. */
export function capturedRemarks(name: string): Remark[] {
  const collector = createRemarkCollector();
  const parser = createRemarkParser({ wanted: () => true, emit: collector.add });
  parser.push(captured(`remarks/clang-19-${name}.yaml`));
  parser.end();
  return collector.remarks();
}

/** Code of a function as an optimiser's evidence; what a test does not name is zero. */
export function assemblyOf(functionName: string, counts: Partial<AssemblyFacts>): AssemblyFacts {
  return {
    instructions: 100,
    bytes: 400,
    vector: 0,
    calls: 0,
    branches: 0,
    cmov: 0,
    stackAccesses: 0,
    indirectCalls: 0,
    indirectJumps: 0,
    divisions: 0,
    ...counts,
    function: functionName,
  };
}

/** Evidence in which all functions of the remarks and the code are equally hot. */
export function evidenceOf(remarks: readonly Remark[], assembly: readonly AssemblyFacts[] = []): Evidence {
  const names = [...new Set([...remarks, ...assembly].map((entry) => entry.function))];
  return {
    file: 'src/unit.c',
    share: 0.8,
    hot: names.map((name) => ({ name, share: 0.8 / names.length })),
    remarks,
    assembly,
    sources: { remarks: 'used', assembly: 'used', perf: 'used' },
  };
}

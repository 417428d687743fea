import type { CaseOutputs } from '../measure/child/protocol.js';
import { compareOutputs, type Tolerance } from './compare.js';

/** Where two runs of a bench differ. */
export interface Difference {
  readonly case: string;
  /** Where in the output of that case; empty for the output itself. */
  readonly path: string;
  readonly detail: string;
}

type Cases = Readonly<Record<string, CaseOutputs>>;

/** The first case whose outputs differ. */
export function compareCases(expected: Cases, actual: Cases, tolerance?: Tolerance): Difference | undefined {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const [before, after] = [expected[name], actual[name]];
    const incorrect = (path: string, detail: string): Difference => ({ case: name, path, detail });
    if (before === undefined || after === undefined)
      return incorrect('', before ? 'the case is missing' : 'an additional case');
    if (before.threw !== after.threw) {
      return incorrect('', `expected ${ending(before)}, got ${ending(after)}`);
    }
    for (const [call, output] of before.outputs.entries()) {
      const comparison = compareOutputs(output, after.outputs[call], tolerance);
      const where = call === 0 ? '' : ' (in the second call)';
      if (!comparison.equal) return incorrect(comparison.path, comparison.detail + where);
    }
  }
  return undefined;
}

function ending({ threw }: CaseOutputs): string {
  return threw === undefined ? 'an output' : `the error ${JSON.stringify(threw)}`;
}

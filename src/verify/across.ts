import type { OutputsResult } from '../measure/child/protocol.js';
import { type ChildEnd, describeEnd, openSession } from '../measure/child-session.js';
import type { BenchTarget, Inputs, Variant } from '../measure/types.js';
import type { Tolerance } from './compare.js';
import { compareCases } from './compare-cases.js';

/** One build, and where it runs. */
export interface Place {
  readonly target: BenchTarget;
  readonly build: Variant;
}

/** Whether two builds for different machines return the same, and for how many cases that was seen. */
export type AcrossVerdict =
  | { readonly outcome: 'equal'; readonly cases: number }
  | { readonly outcome: 'different'; readonly detail: string }
  | { readonly outcome: 'failed'; readonly detail: string };

/** An emulated processor runs vector code some fifty times slower. */
const timeoutMs = 30 * 60_000;

/**
 * Runs every case of a bench module in both places, on all inputs, and compares what they return. Floating-point results may differ
 * between architectures, which contract differently: a tolerance is for those.
 */
export async function compareAcross(
  reference: Place,
  candidate: Place,
  tolerance?: Tolerance,
): Promise<AcrossVerdict> {
  let cases = 0;
  for (const inputs of ['tune', 'check'] as const) {
    const expected = await outputs(reference, inputs);
    if (expected.kind !== 'result') return failed('the build for this machine', expected);
    const actual = await outputs(candidate, inputs);
    if (actual.kind !== 'result') return failed('the cross build', actual);
    const [before, after] = [expected.value.variants[0], actual.value.variants[0]];
    if (before === undefined || before.loaded.length === 0)
      return notLoaded('the build for this machine', before);
    if (after === undefined || after.loaded.length === 0) return notLoaded('the cross build', after);
    const thrown = Object.entries(before.cases).find(([, { threw }]) => threw !== undefined);
    if (thrown !== undefined)
      return { outcome: 'failed', detail: `case ${thrown[0]} throws: ${thrown[1].threw}` };
    const difference = compareCases(before.cases, after.cases, tolerance);
    if (difference !== undefined) {
      const { case: name, path, detail } = difference;
      return { outcome: 'different', detail: `case ${name}${path} on ${inputs} inputs: ${detail}` };
    }
    cases += Object.keys(before.cases).length;
  }
  return { outcome: 'equal', cases };
}

async function outputs({ target, build }: Place, inputs: Inputs): Promise<ChildEnd<OutputsResult>> {
  const session = await openSession(target, { pin: false, seed: 0 });
  try {
    return await session.run<OutputsResult>({ kind: 'outputs', inputs }, [build], timeoutMs);
  } finally {
    await session.close();
  }
}

function failed(whose: string, end: Exclude<ChildEnd<unknown>, { kind: 'result' }>): AcrossVerdict {
  return { outcome: 'failed', detail: `${whose}: ${describeEnd(end)}` };
}

function notLoaded(whose: string, variant: OutputsResult['variants'][number] | undefined): AcrossVerdict {
  const why = variant?.loadErrors[0] ?? 'the package ran without it';
  return { outcome: 'failed', detail: `${whose} was not loaded: ${why}` };
}

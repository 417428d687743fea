import { AutoPassError } from '../errors.js';
import type { BenchProblem } from '../verify/probe.js';

/** Turns what is wrong with a bench into an error that says what to do. Nothing is tuned on a bench that lies. */
export function benchError(problem: BenchProblem): AutoPassError {
  return new AutoPassError(`BENCH_${problem.kind.replaceAll('-', '_').toUpperCase()}`, problem.detail, {
    hint: hints[problem.kind] ?? 'Correct the bench module and run autopass tune again.',
  });
}

const hints: Readonly<Record<string, string>> = {
  'not-mapped':
    'The package ran without its native file: it fell back to JavaScript, or loads it on a call the bench does not make. Set "entry" in autopass.config.* to a module that loads it.',
  'no-cases':
    'The default export must return an object of functions: (addon, inputs) => ({ name: () => result }).',
  'empty-outputs': 'Return what the addon computed from every case: outputs are compared between builds.',
  nondeterministic:
    'Seed the inputs and leave out times and random numbers: two runs of one build must return the same.',
};

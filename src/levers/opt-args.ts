import { debugInfo, optimisationLevel } from './command-args.js';

/**
 * Arguments with which `opt` runs the pipeline that clang would run for a command: clang hands these flags to its optimiser
 * by other ways than the IR. Seen byte-identical up to the back end at -O1, -O2, -O3 and -Os; at -Oz `opt` goes its own way.
 */
export function pipelineArgs(args: readonly string[]): readonly string[] {
  const level = optimisationLevel(args);
  const pipeline = `default<O${level}>`;
  // clang tracks assignments of variables when it writes full debug information.
  const passes = debugInfo(args) === 'full' ? `function(declare-to-assign),${pipeline}` : pipeline;
  return [
    `-passes=${passes}`,
    ...(hasFlag(args, 'vectorize', level !== '1' && level !== 'z') ? [] : ['-vectorize-loops=false']),
    ...(hasFlag(args, 'slp-vectorize', level !== '1') ? [] : ['-vectorize-slp=false']),
    ...(hasFlag(args, 'unroll-loops', level !== '1')
      ? []
      : ['-disable-loop-unrolling', '-interleave-loops=false']),
    ...(hasFlag(args, 'builtin', true) ? [] : ['-disable-simplify-libcalls']),
  ];
}

/** The last of `-fNAME` and `-fno-NAME`. */
function hasFlag(args: readonly string[], name: string, standard: boolean): boolean {
  const last = args.findLast((arg) => arg === `-f${name}` || arg === `-fno-${name}`);
  return last === undefined ? standard : last === `-f${name}`;
}

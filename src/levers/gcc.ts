import { basename } from 'node:path';
import type { Configuration } from './types.js';

/** The lever that every configuration for gcc has, and no other: the level of optimisation. */
export const gccLevel = 'gcc:O-level';

/** Whether a lever is an option of gcc. */
export function isOfGcc(id: string): boolean {
  return id.startsWith('gcc:');
}

/** Whether a configuration is compiled by the project's own gcc instead of clang. */
export function isForGcc(configuration: Configuration): boolean {
  return gccLevel in configuration;
}

/**
 * What tells gcc the name of a unit's counts in a profile. Builds, whose objects have their own names, need not say it.
 * @param object the `-o` argument of the project's own command
 */
export function countsArgs(object: string): readonly string[] {
  return ['-dumpbase', countsName(object)];
}

/** The name of a unit's counts, without `.gcda`. */
export function countsName(object: string): string {
  return basename(object).replace(/\.o(?:bj)?$/, '');
}

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

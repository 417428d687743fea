import type { LeverRow } from './row.js';

const byLink = 'needs the cooperation of the link, which stays the one of the project';

/**
 * Procedures around whole builds. All but ThinLTO are listed only to be named in explanations; no configuration can hold them.
 */
export const tools: readonly LeverRow[] = [
  ['lto-full', [], { gate: 'blocked', unreachable: byLink }],
  ['lto-thin', 'flag', { shape: 'scalar', majors: [19, 22] }],
  ['bolt', [], { gate: 'blocked', unreachable: 'rewrites the linked addon, not a translation unit' }],
  ['polly', [], { gate: 'blocked', unreachable: 'absent from many builds of clang' }],
];

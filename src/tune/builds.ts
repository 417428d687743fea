import type { Candidate } from './compile-batch.js';
import type { Scope } from './scopes.js';

/** Candidates for one scope. Scopes that are searched at the same time are run apart: no case of the bench runs code of two. */
export interface Part {
  readonly scope: Scope;
  readonly candidates: readonly Candidate[];
}

/** One build of the addon with a candidate for each of some scopes: one trial, which each of them is told by its own cases. */
export type Build = readonly { readonly scope: Scope; readonly candidate: Candidate }[];

/** The n-th candidates of all scopes together: as many builds as the longest part has candidates. */
export function buildsOf(parts: readonly Part[]): Build[] {
  return together(
    parts.map(({ scope, candidates }) => candidates.map((candidate) => ({ scope, candidate }))),
  );
}

/** The n-th of all lists, for each n up to the longest list. */
export function together<Item extends object>(lists: readonly (readonly Item[])[]): Item[][] {
  const count = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: count }, (_, index) => lists.flatMap((list) => list[index] ?? []));
}

export function idOf(build: Build): string {
  return build.map(({ candidate }) => candidate.hash).join('+');
}

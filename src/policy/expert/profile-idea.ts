import type { PolicyInput } from '../types.js';
import type { Idea } from './idea.js';

/** Before everything else: what wins later is built on it. */
const first = 1_000;

/** The session's profile on top of the incumbent, once; afterwards only combinations with it can win. */
export function profileIdea({ profiles, incumbent, history }: PolicyInput): Idea[] {
  const profile = profiles?.at(-1);
  if (profile === undefined || history.some(({ configuration }) => 'pgo-ir' in configuration)) return [];
  return [
    {
      configuration: { ...incumbent, 'pgo-ir': profile },
      value: first,
      theme: 'combination',
      reason:
        'branch weights, call counts and call targets from the bench: block placement, inlining and unrolling by real frequencies',
      origin: 'profile',
    },
  ];
}

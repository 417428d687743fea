import { isDeepStrictEqual } from 'node:util';
import { configurationKey } from '../../levers/configuration-key.js';
import type { Configuration, LeverValue } from '../../levers/types.js';
import type { PolicyTrial } from '../types.js';

/** What changed no code where it was tried on top of something else; it may elsewhere, but that is unlikely. */
export interface Idle {
  edit(edit: Configuration): boolean;
  /** Whether one value of a lever gave the code of another one. */
  value(id: string, one: LeverValue, other: LeverValue): boolean;
}

/** Tells the code of a measured trial: with the code of an earlier one it has its numbers, which are those of no other code. */
export function codeOf({ speedup, ci }: PolicyTrial): string {
  return JSON.stringify([speedup, ci]);
}

export function idleIn(history: readonly PolicyTrial[]): Idle {
  const sameCode = new Map<string, Configuration[]>();
  for (const trial of history) {
    if (trial.speedup === undefined) continue;
    const code = codeOf(trial);
    sameCode.set(code, [...(sameCode.get(code) ?? []), trial.configuration]);
  }
  const edits = new Set<string>();
  const values = new Set<string>();
  for (const group of sameCode.values()) {
    for (const one of group) {
      for (const other of group) {
        const more = differing(one, other);
        const less = differing(other, one);
        const [id, another] = Object.keys(more);
        if (id === undefined) continue;
        if (Object.keys(less).length === 0) edits.add(configurationKey(more));
        else if (another === undefined && isDeepStrictEqual(Object.keys(less), [id])) {
          values.add(valueKey(id, more[id], less[id]));
        }
      }
    }
  }
  return {
    edit: (edit) => edits.has(configurationKey(edit)),
    value: (id, one, other) => values.has(valueKey(id, one, other)),
  };
}

/** The levers of `one` that `other` lacks or has with another value. */
function differing(one: Configuration, other: Configuration): Configuration {
  return Object.fromEntries(
    Object.entries(one).filter(([id, value]) => !isDeepStrictEqual(other[id], value)),
  );
}

function valueKey(id: string, one: LeverValue | undefined, other: LeverValue | undefined): string {
  return JSON.stringify([id, one, other]);
}

import type { Configuration } from '../../levers/types.js';
import type { Facts } from './facts.js';
import type { Match } from './rule.js';

/** A match on the unit as a whole, for rules whose evidence is only that there is hot code. */
export function whole(facts: Facts, because: string): Match {
  const first = facts.code[0];
  const where = first === undefined ? '' : `, most of it in ${first.code.function}`;
  return { strength: 1, because: `${because}${where}` };
}

/** That a generic processor is not the one the code is for, where that is known. */
export function cpuNote({ cpu }: Facts): string {
  return cpu === undefined ? '' : `, but the code is for ${cpu} or the like`;
}

/** The mtune lever with the known processor, then with the others. */
export function tunings(lever: string, { cpu }: Facts, others: readonly string[]): Configuration[] {
  const names = cpu === undefined ? others : [cpu, ...others.filter((name) => name !== cpu)];
  return names.map((name) => ({ [lever]: name }));
}

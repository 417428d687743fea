import type { Configuration } from '../../levers/types.js';
import type { PolicyInput, PolicyTrial } from '../types.js';
import { pick } from './space.js';

/** A configuration that can have offspring. */
export interface Member {
  readonly configuration: Configuration;
  /** Natural logarithm of a speedup over -O3. */
  readonly fitness: number;
}

const tournamentSize = 3;

/**
 * How good a trial is: half-way between its speedup and the lower end of the interval, so that of two equal speedups the
 * better measured one counts more. Undefined where nothing was measured: refused, failed, incorrect, or the same code
 * as before.
 */
export function fitnessOf({ speedup, ci }: PolicyTrial): number | undefined {
  if (speedup === undefined || speedup <= 0) return undefined;
  const low = ci === undefined || ci[0] <= 0 ? speedup : ci[0];
  return (Math.log(speedup) + Math.log(low)) / 2;
}

/**
 * The fittest of everything measured so far, fittest first, -O3 among them. Of several configurations that share a
 * measurement, because they compile to the same code, the shortest stands for all.
 */
export function population(input: PolicyInput, size: number): Member[] {
  const members: Member[] = [{ configuration: {}, fitness: 0 }];
  for (const trial of [...(input.addonTrials ?? []), ...input.history]) {
    const fitness = fitnessOf(trial);
    if (fitness !== undefined && trial.outcome !== 'failed' && trial.outcome !== 'incorrect') {
      members.push({ configuration: trial.configuration, fitness });
    }
  }
  members.sort((a, b) => b.fitness - a.fitness || length(a) - length(b));
  return members.filter((member, at) => member.fitness !== members[at - 1]?.fitness).slice(0, size);
}

/** The fittest of three drawn with replacement; members must be ordered, and at least one. */
export function tournament(members: readonly Member[], uniform: () => number): Configuration {
  const places = members.map((_, at) => at);
  const drawn = Array.from({ length: tournamentSize }, () => pick(places, uniform) ?? 0);
  return members[Math.min(...drawn)]?.configuration ?? {};
}

function length({ configuration }: Member): number {
  return Object.keys(configuration).length;
}

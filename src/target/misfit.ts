import { parseTarget, platformOf } from './target.js';

/**
 * Why code for a target is not meant for a machine, in a few words; undefined when it is.
 * @param runnable what the machine runs, best first
 */
export function misfit(name: string, runnable: readonly string[]): string | undefined {
  if (runnable.includes(name)) return undefined;
  const target = parseTarget(name);
  if (target === undefined) return 'this AutoPass does not know its target';
  const here = runnable.map(parseTarget).filter((one) => one !== undefined);
  const [best] = here;
  if (best === undefined || platformOf(best) !== platformOf(target)) {
    const machine = best === undefined ? 'not known' : platformOf(best);
    return `made for ${platformOf(target)}, and the machine is ${machine}`;
  }
  if (!here.some(({ level }) => level === target.level)) {
    return `needs ${target.level}, and the machine runs ${best.level} at most`;
  }
  return `tuned for ${target.cpu} cores, and the machine has none`;
}

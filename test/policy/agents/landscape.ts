import { configurationKey } from '../../../src/levers/configuration-key.js';
import type { Configuration } from '../../../src/levers/types.js';
import { seededUniform } from '../../../src/measure/random.js';
import { buildTree, chooseParent, type SearchShape } from '../../../src/policy/agents/tree.js';
import type { PolicyTrial } from '../../../src/policy/types.js';
import { trialOf } from '../support.js';

const levers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] as const;
/** What gains by itself, at one of its values. */
const small: Configuration = { e: 1, f: 3, g: 2, h: 1 };
const values = [1, 2, 3] as const;

/**
 * Gain in percent. Lever a alone gains and then stands in the way of b and c, which lose alone and gain much together;
 * d adds to them. Four more gain 1.2 percent each, two only lose. The optimum, 14.8 percent, has b, c and d without a.
 */
export function gainOf(levers: Configuration): number {
  const { a, b, c, d } = levers;
  const gaining = Object.entries(small).filter(([id, value]) => levers[id] === value).length;
  const alone = (a === 2 ? 2 : 0) + 1.2 * gaining;
  const together = b === 1 && c === 2 ? (a === undefined ? 6 + (d === 3 ? 4 : 0) : 1) : 0;
  const losses = (b === undefined) === (c === undefined) ? 0 : -0.4;
  const others = Object.keys(levers).filter((id) => !'abcd'.includes(id) && levers[id] !== small[id]).length;
  return alone + together + losses - 0.8 * others;
}

/** Best gain after so many trials, three at a time, with children that are random edits of the chosen parent. */
export function bestAfter(trials: number, shape: SearchShape | 'random', seed: number): number {
  const uniform = seededUniform(seed);
  const history: PolicyTrial[] = [];
  let incumbent: Configuration = {};
  let best = 0;
  while (history.length < trials) {
    const parent = shape === 'random' ? {} : chooseParent(buildTree(history), shape, incumbent).configuration;
    for (let child = 0; child < 3; child++) {
      const configuration = shape === 'random' ? drawn(uniform) : edited(parent, uniform);
      const gain = gainOf(configuration);
      history.push({
        ...trialOf(configuration, Math.exp(gain / 100)),
        prediction: { hypothesis: '', parent },
      });
      if (gain <= best) continue;
      best = gain;
      incumbent = configuration;
    }
  }
  return best;
}

function edited(parent: Configuration, uniform: () => number): Configuration {
  for (;;) {
    const lever = levers[Math.floor(uniform() * levers.length)] ?? 'a';
    const value = values[Math.floor(uniform() * values.length)] ?? 1;
    const { [lever]: present, ...others } = parent;
    const next = present !== undefined && uniform() < 0.5 ? others : { ...others, [lever]: value };
    if (configurationKey(next) !== configurationKey(parent)) return next;
  }
}

function drawn(uniform: () => number): Configuration {
  const count = 1 + Math.floor(uniform() * 5);
  const entries = Array.from({ length: count }, () => [
    levers[Math.floor(uniform() * levers.length)] ?? 'a',
    values[Math.floor(uniform() * values.length)] ?? 1,
  ]);
  return Object.fromEntries(entries) as Configuration;
}

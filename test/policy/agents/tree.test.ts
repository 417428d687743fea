import { describe, expect, it } from 'vitest';
import type { Configuration } from '../../../src/levers/types.js';
import { ancestry, buildTree, chooseParent } from '../../../src/policy/agents/tree.js';
import type { PolicyTrial } from '../../../src/policy/types.js';
import { trialOf } from '../support.js';
import { bestAfter } from './landscape.js';

function child(configuration: Configuration, speedup: number, parent: Configuration = {}): PolicyTrial {
  return { ...trialOf(configuration, speedup, 'agents'), prediction: { hypothesis: '', parent } };
}

describe('the tree of configurations', () => {
  it('is built from the history alone, best gains handed up', () => {
    const root = buildTree([
      child({ a: 1 }, 0.99),
      child({ b: 1 }, 1.02),
      child({ a: 1, c: 1 }, 1.1, { a: 1 }),
    ]);
    expect(root.children.map(({ configuration }) => configuration)).toEqual([{ a: 1 }, { b: 1 }]);
    expect(root.visits).toBe(3);
    expect(root.best).toBeGreaterThan(8);
    const [grandchild] = root.children[0]?.children ?? [];
    expect(
      grandchild === undefined ? [] : ancestry(grandchild).map(({ configuration }) => configuration),
    ).toEqual([{ a: 1 }, { a: 1, c: 1 }]);
  });

  it('starts at the root and goes to what gains', () => {
    expect(chooseParent(buildTree([]), 'tree', {}).configuration).toEqual({});
    const trials = [child({ a: 1 }, 1.08), ...[2, 3, 4, 5].map((a) => child({ a }, 0.99))];
    expect(chooseParent(buildTree(trials), 'tree', { a: 1 }).configuration).toEqual({ a: 1 });
  });

  it('does not go on from what does not work', () => {
    const failed: PolicyTrial = { configuration: { a: 1 }, origin: 'agents', outcome: 'incorrect' };
    expect(chooseParent(buildTree([failed]), 'tree', {}).configuration).toEqual({});
  });

  it('in its linear shape goes on from the incumbent', () => {
    const root = buildTree([child({ a: 1 }, 1.02), child({ a: 1, b: 1 }, 0.9, { a: 1 })]);
    expect(chooseParent(root, 'linear', { a: 1 }).configuration).toEqual({ a: 1 });
  });
});

it('at equal trials the tree beats linear refinement, and that beats random search', () => {
  const seeds = Array.from({ length: 80 }, (_, seed) => seed + 1);
  const mean = (shape: Parameters<typeof bestAfter>[1]): number =>
    seeds.reduce((sum, seed) => sum + bestAfter(60, shape, seed), 0) / seeds.length;
  const [tree, linear, random] = [mean('tree'), mean('linear'), mean('random')];
  expect(tree).toBeGreaterThan(linear + 0.3);
  expect(linear).toBeGreaterThan(random + 0.3);
});

import { configurationKey } from '../../levers/configuration-key.js';
import type { Configuration } from '../../levers/types.js';
import type { PolicyTrial } from '../types.js';

/** A configuration in the tree of edits; the root is `-O3`. */
export interface TreeNode {
  readonly configuration: Configuration;
  readonly parent: TreeNode | undefined;
  readonly trial: PolicyTrial | undefined;
  readonly children: TreeNode[];
  /** Gain over `-O3` in percent (100 times the natural logarithm of the speedup), shrunk by its uncertainty. */
  readonly gain: number;
  /** Best gain among the node and everything below. */
  best: number;
  /** Trials of the node and everything below. */
  visits: number;
}

export type SearchShape = 'linear' | 'tree';

/** Standard deviation of what levers bring, in percent. */
const spread = 2;
const usualError = 2;
/** What a configuration that does not work counts, in percent. */
const failure = -5;
/** Weight of the untried against the proven, in percent. */
const exploration = 1.5;
/** A node has room for this many children, and for more as its subtree is tried. */
const firstChildren = 5;

/** The tree that a history describes. A trial without a known parent hangs below the root. */
export function buildTree(history: readonly PolicyTrial[]): TreeNode {
  const root = nodeOf({}, undefined, undefined);
  const nodes = new Map<string, TreeNode>([[configurationKey({}), root]]);
  for (const trial of history) {
    const key = configurationKey(trial.configuration);
    if (nodes.has(key)) continue;
    const parent = nodes.get(configurationKey(trial.prediction?.parent ?? {})) ?? root;
    const node = nodeOf(trial.configuration, parent, trial);
    parent.children.push(node);
    nodes.set(key, node);
    for (let at: TreeNode | undefined = node; at !== undefined; at = at.parent) {
      at.visits++;
      at.best = Math.max(at.best, node.gain);
    }
  }
  return root;
}

function nodeOf(
  configuration: Configuration,
  parent: TreeNode | undefined,
  trial: PolicyTrial | undefined,
): TreeNode {
  const gain = trial === undefined ? 0 : gainOf(trial);
  return { configuration, parent, trial, children: [], gain, best: gain, visits: 0 };
}

/** A trial's gain in percent, shrunk towards 0 by its uncertainty; a fixed loss for what does not work. */
export function gainOf(trial: PolicyTrial): number {
  if (trial.outcome === 'identical') return 0;
  if (trial.speedup === undefined) return failure;
  const gain = 100 * Math.log(trial.speedup);
  const error = trial.ci === undefined ? usualError : (100 * Math.log(trial.ci[1] / trial.ci[0])) / 3.92;
  return (gain * spread ** 2) / (spread ** 2 + error ** 2);
}

/**
 * The configuration whose children are proposed next. Linear: the incumbent, so that everything that lost is rolled back.
 * Tree: from the root down, at each node either it, when it has room for children, or its best child by upper confidence
 * bound (UCT with progressive widening; the value of a child is the best of its subtree, because one winner is enough).
 */
export function chooseParent(root: TreeNode, shape: SearchShape, incumbent: Configuration): TreeNode {
  if (shape === 'linear') return find(root, configurationKey(incumbent)) ?? root;
  let node = root;
  for (;;) {
    const child = bestChild(node);
    if (child === undefined || hasRoom(node, child)) return node;
    node = child;
  }
}

function hasRoom(node: TreeNode, child: TreeNode): boolean {
  const room = firstChildren + Math.floor(Math.sqrt(node.visits));
  return node.children.length < room && bound(node, node, node.gain) >= bound(node, child, child.best);
}

function bestChild(node: TreeNode): TreeNode | undefined {
  const open = node.children.filter(({ trial }) => trial?.speedup !== undefined);
  let best: TreeNode | undefined;
  for (const child of open) {
    if (best === undefined || bound(node, child, child.best) > bound(node, best, best.best)) best = child;
  }
  return best;
}

/** Value and what might still be found; `children` of a node count as its own visits. */
function bound(parent: TreeNode, node: TreeNode, value: number): number {
  const own = node === parent ? node.children.length : node.visits;
  return value + exploration * Math.sqrt(Math.log(1 + parent.visits) / (1 + own));
}

function find(node: TreeNode, key: string): TreeNode | undefined {
  if (configurationKey(node.configuration) === key) return node;
  for (const child of node.children) {
    const found = find(child, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** From the root's child to the node. */
export function ancestry(node: TreeNode): readonly TreeNode[] {
  return node.parent === undefined ? [] : [...ancestry(node.parent), node];
}

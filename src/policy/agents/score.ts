import type { IrFeatures } from '../../evidence/ir-features.js';
import type { Evidence, HotFunction } from '../../evidence/types.js';
import type { Inspector } from '../types.js';

/** A function worth looking at: its share of the addon's time, and the shape of its code where that is known. */
export interface RankedFunction extends HotFunction {
  readonly features: IrFeatures | undefined;
}

const mostFunctions = 10;
/** Below this share of the scope's time a function is shown only when nothing hotter is. */
const leastShare = 0.01;

/**
 * Ranks functions without a model: by time, and among functions of about the same time by loops, in which levers have the
 * most to change.
 */
export async function rankFunctions(evidence: Evidence, inspect?: Inspector): Promise<RankedFunction[]> {
  const total = evidence.hot.reduce((sum, { share }) => sum + share, 0);
  const hot = evidence.hot.filter(({ share }, index) => index === 0 || share >= leastShare * total);
  const ranked = await Promise.all(
    hot
      .slice(0, mostFunctions)
      .map(async (entry) => ({ ...entry, features: await inspect?.features(entry.name) })),
  );
  return ranked.sort((a, b) => weight(b) - weight(a));
}

function weight({ share, features }: RankedFunction): number {
  return share * (1 + Math.min(features?.loops ?? 0, 10) / 50);
}

/** One line for each function. */
export function renderFunctions(functions: readonly RankedFunction[]): string {
  return functions
    .map(({ name, share, features }) => {
      const time = `${name}  ${(share * 100).toFixed(1)} % of the addon's time`;
      if (features === undefined) return time;
      const { instructions, blocks, loops, calls, conditionalBranches } = features;
      return `${time}; before optimization ${instructions} instructions, ${blocks} blocks, ${loops} loops, ${calls} calls, ${conditionalBranches} conditional branches`;
    })
    .join('\n');
}

import { partEffects } from '../evidence/case-effects.js';
import type { SearchContext } from './search.js';
import { caseShares } from './seen-trials.js';
import type { TunedUnit } from './units.js';

type LeadsContext = Pick<SearchContext, 'units' | 'baseline' | 'workspace' | 'trials' | 'budget' | 'signal'>;

/**
 * How much faster than at -O3 each unit's code is as the stock compiler makes it, as natural logarithms. One comparison tells, by the times of the cases;
 * empty where they tell no unit from another.
 */
export async function stockLeads(context: LeadsContext): Promise<ReadonlyMap<TunedUnit, number>> {
  const { units, baseline, workspace, trials, budget, signal } = context;
  const shares = units.map((unit) => caseShares([unit]));
  if (units.length < 2 || new Set(shares.flatMap(Object.keys)).size < 2) return new Map();
  const { results } = await trials.measure({
    baseline: await workspace.variant('o3', baseline),
    candidates: [await workspace.variant('stock', new Map())],
    goal: 'screen',
    inputs: 'tune',
    maxMs: budget.searchingMs,
  });
  signal?.throwIfAborted();
  const [stock] = results;
  if (stock === undefined || stock.outcome === 'failed') return new Map();
  const byCase = Object.entries(stock.cases).map(([name, { ratio }]) => [name, ratio]);
  const leads = partEffects(shares, Object.fromEntries(byCase));
  return new Map(units.map((unit, index) => [unit, leads[index] ?? 0]));
}

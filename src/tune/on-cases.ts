import type { CaseShares } from '../evidence/case-effects.js';
import { summariseCases } from '../measure/statistics.js';
import type { VariantResult } from '../measure/types.js';
import { caseShares } from './seen-trials.js';
import type { TunedUnit } from './units.js';

/** Cases in which some code takes less than this share of the time say nothing about it. */
const leastOfCase = 0.03;

export interface OwnCases {
  readonly names: readonly string[];
  /** How many of all cases that is, 0 to 1. */
  readonly part: number;
}

/**
 * The cases that run code of the units; undefined where that is not known, where all do, and where ThinLTO optimises units as a whole, so that another one's
 * code changes too.
 */
export function casesOf(units: readonly TunedUnit[]): OwnCases | undefined {
  const isLinked = units.some(({ incumbent }) => incumbent.configuration['lto-thin'] === true);
  return isLinked ? undefined : casesIn(caseShares(units));
}

/** The cases that run code with these shares of them; undefined where that is not known, and where all do. */
export function casesIn(shares: CaseShares): OwnCases | undefined {
  const all = Object.entries(shares);
  const names = all.flatMap(([name, share]) => (share < leastOfCase ? [] : [name]));
  const part = names.length / all.length;
  return names.length === 0 || part === 1 ? undefined : { names, part };
}

/** The units in groups of which no case of the bench runs code of two: what is changed in one shows in its own cases alone. */
export function groupsApart(units: readonly TunedUnit[]): TunedUnit[][] {
  let groups: { names: readonly string[]; units: TunedUnit[] }[] = [];
  for (const unit of units) {
    const own = casesOf([unit]);
    if (own === undefined) return [[...units]];
    const isTogether = ({ names }: { names: readonly string[] }): boolean =>
      names.some((name) => own.names.includes(name));
    const met = groups.filter(isTogether);
    groups = [
      ...groups.filter((group) => !met.includes(group)),
      {
        names: [...met.flatMap(({ names }) => names), ...own.names],
        units: [...met.flatMap((group) => group.units), unit],
      },
    ];
  }
  return groups.map((group) => group.units);
}

/**
 * What is known from some cases alone of a result over the whole bench, the others being level: they run none of what differs, so that what was measured in
 * them is noise.
 */
export function onOwnCases(result: VariantResult, own: OwnCases | undefined): VariantResult {
  if (own === undefined) return result;
  const byCase = own.names.flatMap((name) => {
    const { samples = [] } = result.cases[name] ?? {};
    const isWhole = samples.length === result.processes && samples.length > 0;
    return isWhole ? [samples.map((logRatio) => own.part * logRatio)] : [];
  });
  if (byCase.length < own.names.length) return result;
  const isOwn = ([name]: readonly [string, unknown]): boolean => own.names.includes(name);
  const cases = Object.fromEntries(Object.entries(result.cases).filter(isOwn));
  return { ...result, ...summariseCases(byCase), cases };
}

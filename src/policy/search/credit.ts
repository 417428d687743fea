/** Weight of curiosity against success, as in OpenTuner. */
const curiosity = 0.05;
const windowLength = 500;

/** One proposal of a technique, and whether it was the best so far. */
export interface Use {
  readonly technique: string;
  readonly improved: boolean;
}

/**
 * The technique that proposes next: the one with the largest area under the curve of its successes plus a bonus for
 * being rarely used; one that was never used comes first. The credit assignment of OpenTuner (Ansel et al. 2014), after
 * Fialho et al. 2010: later successes weigh more.
 */
export function nextTechnique(techniques: readonly string[], uses: readonly Use[]): string | undefined {
  const recent = uses.slice(-windowLength);
  let best: { technique: string; score: number } | undefined;
  for (const technique of techniques) {
    const own = recent.filter((use) => use.technique === technique);
    const score = own.length === 0 ? Number.POSITIVE_INFINITY : areaUnderCurve(own) + bonus(own, recent);
    if (best === undefined || score > best.score) best = { technique, score };
  }
  return best?.technique;
}

/** From 0, no use was a success, to 1, all were. */
export function areaUnderCurve(uses: readonly Use[]): number {
  const sum = uses.reduce((total, { improved }, at) => total + (improved ? at + 1 : 0), 0);
  return (2 * sum) / (uses.length * (uses.length + 1));
}

function bonus(own: readonly Use[], all: readonly Use[]): number {
  return curiosity * Math.sqrt((2 * Math.log2(all.length)) / own.length);
}

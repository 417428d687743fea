/** The share of each case's time, 0 to 1, that a part of the code takes. */
export type CaseShares = Readonly<Record<string, number>>;

/** Keeps the estimate of a part that takes little of every case near "no effect". */
const penalty = 0.05;
/** Gauss and Seidel's method converges here: the matrix is symmetric and positive definite. */
const sweeps = 60;

/**
 * How much faster each part of the code ran, from how much faster each case did. For small effects the logarithm of a case's speedup is the sum of those of
 * its parts, each times the part's share of the case; solved for the parts by ridge regression (Hoerl and Kennard 1970).
 * @param speedups by case, above 1 is faster; all positive
 * @returns natural logarithms of speedups, one for each part
 */
export function partEffects(
  parts: readonly CaseShares[],
  speedups: Readonly<Record<string, number>>,
): number[] {
  const effects = parts.map(() => 0);
  const cases = Object.entries(speedups).map(([name, speedup]) => ({
    effect: Math.log(speedup),
    shares: parts.map((part) => part[name] ?? 0),
  }));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const part of parts.keys()) {
      let [explained, weight] = [0, penalty];
      for (const { effect, shares } of cases) {
        const share = shares[part] ?? 0;
        const others = effects.reduce((sum, other, index) => sum + other * (shares[index] ?? 0), 0);
        explained += share * (effect - others + share * (effects[part] ?? 0));
        weight += share * share;
      }
      effects[part] = explained / weight;
    }
  }
  return effects;
}

/** The shares of several parts as one. */
export function joinShares(parts: readonly CaseShares[]): CaseShares {
  const joined: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, share] of Object.entries(part)) joined[name] = (joined[name] ?? 0) + share;
  }
  return joined;
}

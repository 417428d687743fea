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
  // What the effects so far leave unexplained.
  const rest = new Map(Object.entries(speedups).map(([name, speedup]) => [name, Math.log(speedup)]));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const [index, part] of parts.entries()) {
      const before = effects[index] ?? 0;
      let [explained, weight] = [0, penalty];
      for (const [name, unexplained] of rest) {
        const share = part[name] ?? 0;
        explained += share * (unexplained + share * before);
        weight += share * share;
      }
      const effect = explained / weight;
      effects[index] = effect;
      for (const [name, unexplained] of rest) {
        rest.set(name, unexplained - (part[name] ?? 0) * (effect - before));
      }
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

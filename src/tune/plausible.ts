/** How far above its bound a speedup may be measured: shares are samples too. */
const slack = 1.1;

/**
 * Whether a speedup can be: with all the code of this share of the addon's time gone, what is left takes 1 - share
 * (Amdahl). The bound assumes that the bench does nothing but run the addon, and that its cases are alike.
 */
export function isPlausible(speedup: number, share: number): boolean {
  return speedup <= slack / Math.max(1 - share, 0.01);
}

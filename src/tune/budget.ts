/** Shares of a session's minutes; what search leaves over goes to judging. */
const searchShare = 0.62;

/** Minutes and trials of a session. The clock is passed in. */
export class Budget {
  private used = 0;
  private readonly startedAt: number;

  /** @param spentMs time that a resumed session had used before. */
  constructor(
    private readonly limits: { readonly minutes: number; readonly trials: number },
    private readonly now: () => number,
    spentMs = 0,
  ) {
    this.startedAt = now() - spentMs;
  }

  get trials(): number {
    return this.used;
  }

  get elapsedMs(): number {
    return this.now() - this.startedAt;
  }

  get remainingTrials(): number {
    return Math.max(0, this.limits.trials - this.used);
  }

  countTrials(count: number): void {
    this.used += count;
  }

  /** How much of the search's minutes or trials is used up, whichever is more; 0 to 1. */
  get searchProgress(): number {
    return Math.max(this.elapsedMs / this.searchMs, this.used / this.limits.trials);
  }

  /** Whether another batch of trials may start. */
  get maySearch(): boolean {
    return this.searchProgress < 1;
  }

  /** Time for search in all. */
  get searchMs(): number {
    return this.limits.minutes * 60_000 * searchShare;
  }

  /** Time left for search. */
  get searchingMs(): number {
    return Math.max(0, this.searchMs - this.elapsedMs);
  }

  /**
   * Time left for guard and confirmation, at least a quarter of the budget: a session that cannot confirm is worthless. Once all is used up, what has to be
   * confirmed again gets an eighth.
   */
  get judgingMs(): number {
    const total = this.limits.minutes * 60_000;
    const left = total - this.elapsedMs;
    return Math.max(left, total / (left > 0 ? 4 : 8));
  }
}

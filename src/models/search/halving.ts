// How much a trial may cost: a share of the rows first, more only for those that do well there (successive halving).

/** Of the trials that reached a rung, one in this many goes on to the next. */
export const KEEP_ONE_IN = 3;

/** Under this many rows a score says more about its rows than about the settings. */
const LEAST_ROWS = 1_500;
/** Settings chosen on so many rows are as good as on more. */
const MOST_ROWS = 60_000;

/**
 * Shares of the rows, rising, each three times the one before; the last is 1, or what the most rows worth searching on
 * come to.
 */
export function rungsFor(rows: number): readonly number[] {
  const rungs = [Math.min(1, MOST_ROWS / Math.max(1, rows))];
  while (rungs.length < 3 && (rungs[0] / KEEP_ONE_IN) * rows >= LEAST_ROWS)
    rungs.unshift(rungs[0] / KEEP_ONE_IN);
  return rungs;
}

/**
 * Whether a trial goes on: among the best third of all that reached this rung, as far as is known now, so that no trial
 * waits for another.
 *
 * @param score  smaller is better
 * @param others scores at this rung so far, its own aside
 * @see Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning (ASHA), arXiv:1810.05934
 */
export function goesOn(score: number, others: readonly number[]): boolean {
  const better = others.filter((other) => other < score).length;
  return better < Math.max(1, Math.floor((others.length + 1) / KEEP_ONE_IN));
}

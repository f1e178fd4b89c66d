// A learning rate that falls when the score stops getting better.

/** Settings; each default is that of PyTorch's ReduceLROnPlateau. Lower scores are better. */
export interface PlateauSettings {
  /** .1 */
  readonly factor?: number;
  /** Scores without a better one that are borne before the rate falls, 10. */
  readonly patience?: number;
  /** A score is better when below best · (1 − threshold), 1e-4. */
  readonly threshold?: number;
  /** Scores after a fall during which none counts as bad, 0. */
  readonly cooldown?: number;
  /** The rate never falls below this, 0. */
  readonly floor?: number;
}

/** Plain data, so that a checkpoint can hold it. */
export interface PlateauState {
  readonly rate: number;
  /** Absent before the first score. */
  readonly best?: number;
  readonly badScores: number;
  readonly cooldownLeft: number;
}

export function startPlateau(rate: number): PlateauState {
  return { rate, badScores: 0, cooldownLeft: 0 };
}

/** The state after one more score, a validation loss say; a score that is no number is a bad one. */
export function observePlateau(
  { rate, best, badScores, cooldownLeft }: PlateauState,
  score: number,
  { factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, floor = 0 }: PlateauSettings = {},
): PlateauState {
  const better = best === undefined ? Number.isFinite(score) : score < best * (1 - threshold);
  const kept = better ? score : best;
  const resting = cooldownLeft > 0;
  const bad = better || resting ? 0 : badScores + 1;
  const falls = bad > patience;
  return {
    rate: falls ? Math.max(floor, rate * factor) : rate,
    ...(kept === undefined ? {} : { best: kept }),
    badScores: falls ? 0 : bad,
    cooldownLeft: falls ? cooldown : Math.max(0, cooldownLeft - 1),
  };
}

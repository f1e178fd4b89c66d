// When validation has not got better for a while: the rule, and its state as plain data.

export interface EarlyStoppingSettings {
  /** `loss` (the default) or the name of a metric of the evaluation. */
  readonly metric?: string;
  /** `lower` by default. */
  readonly better?: 'lower' | 'higher';
  /** Evaluations without a better score that are borne. */
  readonly patience: number;
  /** A score is better when it is so by more than this, in the metric's own unit; 0 by default. */
  readonly minimumImprovement?: number;
}

export interface EarlyStoppingState {
  readonly best?: number;
  /** Steps taken at the best score. */
  readonly bestStep?: number;
  /** Evaluations since. */
  readonly waited: number;
}

export const NOT_WAITED: EarlyStoppingState = { waited: 0 };

/** The state after one more score; one that is no number is never better. */
export function observeScore(
  { best, bestStep, waited }: EarlyStoppingState,
  score: number,
  step: number,
  { better = 'lower', minimumImprovement = 0 }: EarlyStoppingSettings,
): EarlyStoppingState {
  const gain =
    best === undefined ? Number.POSITIVE_INFINITY : better === 'lower' ? best - score : score - best;
  return Number.isFinite(score) && gain > minimumImprovement
    ? { best: score, bestStep: step, waited: 0 }
    : { ...(best === undefined ? {} : { best, bestStep }), waited: waited + 1 };
}

export const isPatienceOver = (
  { waited }: EarlyStoppingState,
  { patience }: EarlyStoppingSettings,
): boolean => waited > patience;

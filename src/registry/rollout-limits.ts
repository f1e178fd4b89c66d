// How far a version may be from the one before it while it is tried or watched.
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';

/** How far a candidate may be from the version that answers before it is stopped. */
export interface RolloutLimits {
  /** Answers of the candidate before anything is decided. */
  readonly leastAnswers: number;
  /** Share of answers that fail, above the incumbent's own: .01 is one in a hundred more. */
  readonly errorShare: number;
  /** Of the 99th percentiles of the time an answer takes, candidate over incumbent. */
  readonly latencyRatio: number;
  /** Population stability index between the scores of both; over .25 is usually called a great change. */
  readonly scoreShift: number;
}

export const DEFAULT_ROLLOUT_LIMITS: RolloutLimits = {
  leastAnswers: 200,
  errorShare: 0.01,
  latencyRatio: 2,
  scoreShift: 0.25,
};

const LEAST: RolloutLimits = { leastAnswers: 20, errorShare: 0, latencyRatio: 1, scoreShift: 0 };

/** The usual limits where none is named. @throws AppError USAGE naming the limit */
export function checkedLimits(named: Partial<RolloutLimits> = {}): RolloutLimits {
  const limits = { ...DEFAULT_ROLLOUT_LIMITS, ...named };
  for (const key of Object.keys(LEAST) as (keyof RolloutLimits)[]) {
    if (Number.isFinite(limits[key]) && limits[key] >= LEAST[key]) continue;
    throw new AppError('USAGE', `expected ${key} of at least ${LEAST[key]}, got ${limits[key]}`);
  }
  return limits;
}

export const isLimits = (value: unknown): value is RolloutLimits =>
  isRecord(value) && Object.keys(LEAST).every((key) => typeof value[key] === 'number');

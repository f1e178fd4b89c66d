// Over which horizon a task is learned and checked: the one asked for, or the longest that the history allows.
import { AppError } from '../core/errors.ts';
import { DAY_MS } from '../core/time.ts';
import type { EventSource } from '../data/source.ts';
import { planSplits, type SplitPlan } from '../data/splits.ts';
import type { Task } from '../tasks/task.ts';

/** Tried from the longest, for tasks that may be asked of a longer horizon than they are checked over. */
const SHORTER_HORIZONS_DAYS = [270, 180, 120, 90, 60, 45, 30, 21, 14, 7];

export interface HorizonPlan {
  /** What the user wants to know about. */
  readonly horizonDays: number;
  /** What is learned and checked; shorter than `horizonDays` only for tasks that extrapolate. */
  readonly checkedDays: number;
  readonly plan: SplitPlan;
}

export interface HorizonRequest {
  readonly horizonDays?: number;
  /** Moment of the test. */
  readonly asOf?: number;
  readonly maxTrainOrigins?: number;
}

/**
 * Plans the split over the task's horizon, or over the longest one that fits where the task extrapolates.
 *
 * @throws AppError NOT_ENOUGH_DATA saying how many days there are and are needed
 */
export function planHorizon(task: Task, source: EventSource, request: HorizonRequest = {}): HorizonPlan {
  if (source.rows === 0) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected events to learn from, the lake is empty: import a file first',
    );
  }
  const horizonDays = request.horizonDays ?? task.horizonDays;
  const planOver = (days: number): SplitPlan =>
    planSplits({
      firstMs: source.firstMs,
      lastMs: source.lastMs,
      horizonMs: Math.round(days * DAY_MS),
      zone: source.zone,
      ...(request.asOf === undefined ? {} : { testAsOf: request.asOf }),
      ...(request.maxTrainOrigins === undefined ? {} : { maxTrainOrigins: request.maxTrainOrigins }),
    });
  if (!task.extrapolates) return { horizonDays, checkedDays: horizonDays, plan: planOver(horizonDays) };
  for (const days of [horizonDays, ...SHORTER_HORIZONS_DAYS.filter((shorter) => shorter < horizonDays)]) {
    try {
      return { horizonDays, checkedDays: days, plan: planOver(days) };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_ENOUGH_DATA') throw error;
    }
  }
  return { horizonDays, checkedDays: horizonDays, plan: planOver(horizonDays) };
}

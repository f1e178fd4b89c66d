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
      ...(task.entity === 'user' ? {} : momentSpans(source, days)),
      ...(request.asOf === undefined ? {} : { testAsOf: request.asOf }),
      ...(request.maxTrainOrigins === undefined ? {} : { maxTrainOrigins: request.maxTrainOrigins }),
    });
  if (!task.extrapolates) {
    const days = request.horizonDays ?? longestOf([horizonDays, ...(task.shorterDays ?? [])], planOver);
    return { horizonDays: days, checkedDays: days, plan: planOver(days) };
  }
  for (const days of [horizonDays, ...SHORTER_HORIZONS_DAYS.filter((shorter) => shorter < horizonDays)]) {
    try {
      return { horizonDays, checkedDays: days, plan: planOver(days) };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_ENOUGH_DATA') throw error;
    }
  }
  return { horizonDays, checkedDays: horizonDays, plan: planOver(horizonDays) };
}

/** A month behind the first stretch where the log is long enough; weeks of visits to learn from, as seasons say little here. */
const MOMENT_HISTORY_DAYS = 30;
const MOMENT_ORIGINS = 12;

/** Visits and items are learned from more and shorter stretches than customers, with features that look back less far. */
const momentSpans = ({ firstMs, lastMs }: EventSource, horizonDays: number) => ({
  minHistoryMs: Math.max(
    Math.min(MOMENT_HISTORY_DAYS * DAY_MS, (lastMs - firstMs) / 4),
    Math.min(horizonDays * DAY_MS, (lastMs - firstMs) / 4),
  ),
  maxTrainOrigins: MOMENT_ORIGINS,
});

/** The longest with a calibration period of its own; the longest that fits where none has one; the first where none fits. */
function longestOf(horizons: readonly number[], planOver: (days: number) => SplitPlan): number {
  let fits: number | undefined;
  for (const days of horizons) {
    try {
      if (planOver(days).calibrate !== 'cross-fit') return days;
      fits ??= days;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_ENOUGH_DATA') throw error;
    }
  }
  return fits ?? horizons[0];
}

// Which moments to learn from, calibrate on and test at: by time, a full horizon apart, so that nothing sees its own future.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { hash32 } from '../core/random.ts';
import { DAY_MS, formatMoment, offsetAt, UTC, type ZoneOffsets } from '../core/time.ts';

export interface SplitRequest {
  /** First and last event, UTC ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Length of the label window `(asOf, asOf + horizon]`. */
  readonly horizonMs: number;
  /** Moment of the test; the latest whose label window is complete when absent. */
  readonly testAsOf?: number;
  /** Newest ones win: recent behaviour resembles tomorrow most. 6 when absent. */
  readonly maxTrainOrigins?: number;
  /** Each a full horizon before the next; 1 when absent. */
  readonly maxCalibrateOrigins?: number;
  /**
   * Between training moments. When absent: a horizon, so that no two label windows overlap, or a third of it where a
   * horizon leaves fewer than three moments.
   */
  readonly strideMs?: number;
  /** History every moment must have behind it; the smaller of a horizon and 90 days when absent. */
  readonly minHistoryMs?: number;
  /** Customer folds of cross-fitted calibration; 5 when absent. */
  readonly folds?: number;
  /** Whose midnights moments fall on; UTC when absent. */
  readonly zone?: ZoneOffsets;
}

/** Moments in UTC ms, oldest first. Every label window ends at or before the first moment of the next stage. */
export interface SplitPlan {
  readonly train: readonly number[];
  /** `cross-fit`: held-out customers of the training moments, by `foldOf`. */
  readonly calibrate: readonly number[] | 'cross-fit';
  readonly test: readonly number[];
  readonly horizonMs: number;
  /** Used with `cross-fit`. */
  readonly folds: number;
  /** Says it in one sentence, for the stamp and the report. */
  readonly words: Name;
}

const TRAIN_ORIGINS = 6;
const FOLDS = 5;
const LONGEST_DEFAULT_HISTORY_MS = 90 * DAY_MS;

/**
 * Plans train | calibrate | test.
 *
 * The test stands at the latest midnight whose label window is complete; calibration a full horizon earlier; training
 * moments a full horizon earlier still and back from there. Where history is too short for the three, calibration uses
 * held-out customers of the training moments and the words say so.
 *
 * @throws AppError NOT_ENOUGH_DATA naming the days there are and the days it takes; USAGE for a horizon that is no span
 */
export function planSplits(request: SplitRequest): SplitPlan {
  const settled = settle(request);
  const { horizonMs, testAsOf, earliestMs } = settled;
  const calibrate: number[] = [];
  for (let asOf = testAsOf - horizonMs; calibrate.length < settled.maxCalibrateOrigins; asOf -= horizonMs) {
    if (asOf - horizonMs < earliestMs) break;
    calibrate.unshift(asOf);
  }
  const newestTrain = (calibrate[0] ?? testAsOf) - horizonMs;
  if (newestTrain < earliestMs) throw tooShort(request, settled);
  const plan = {
    train: trainingMoments(newestTrain, settled),
    calibrate: calibrate.length > 0 ? calibrate : ('cross-fit' as const),
    test: [testAsOf],
    horizonMs,
    folds: settled.folds,
  };
  return { ...plan, words: describe(plan) };
}

export interface RollingRequest extends Omit<SplitRequest, 'testAsOf'> {
  /** Between tests; a horizon when absent, so that no two test windows overlap. */
  readonly testStrideMs?: number;
  /** Newest ones win; all that fit when absent. */
  readonly maxTests?: number;
}

/**
 * One plan a test moment, oldest first, each with its own earlier training and calibration, for backtests.
 *
 * All plans calibrate the same way (as the newest does), so that their numbers may be pooled.
 *
 * @throws AppError NOT_ENOUGH_DATA when not even one test fits
 */
export function rollingOrigins(request: RollingRequest): readonly SplitPlan[] {
  const newest = planSplits(request);
  const strideMs = request.testStrideMs ?? request.horizonMs;
  if (!(strideMs > 0)) throw new AppError('USAGE', 'expected a stride between tests of more than zero');
  const plans = [newest];
  while (plans.length < (request.maxTests ?? Number.POSITIVE_INFINITY)) {
    const testAsOf = plans[0].test[0] - strideMs;
    const settled = settle({ ...request, testAsOf });
    if (testAsOf - settled.horizonMs < settled.earliestMs) break;
    const plan = planSplits({ ...request, testAsOf });
    if ((plan.calibrate === 'cross-fit') !== (newest.calibrate === 'cross-fit')) break;
    plans.unshift(plan);
  }
  return plans;
}

/** The fold of a customer, in [0, folds): the same for the same id, seed and count on every machine. */
export const foldOf = (entity: string, folds: number, seed = 0): number =>
  hash32(entity, hash32(`fold ${seed}`)) % folds;

interface Settled {
  readonly horizonMs: number;
  readonly testAsOf: number;
  /** No training moment before it. */
  readonly earliestMs: number;
  readonly minHistoryMs: number;
  readonly strideMs: number | undefined;
  readonly maxTrainOrigins: number;
  readonly maxCalibrateOrigins: number;
  readonly folds: number;
}

function settle(request: SplitRequest): Settled {
  const { firstMs, lastMs, horizonMs } = request;
  if (!(horizonMs > 0 && Number.isFinite(horizonMs)))
    throw new AppError('USAGE', `expected a horizon of more than zero, got ${horizonMs} ms`);
  if (request.strideMs !== undefined && !(request.strideMs > 0))
    throw new AppError('USAGE', `expected a stride of more than zero, got ${request.strideMs} ms`);
  if (!(lastMs >= firstMs))
    throw new AppError('NOT_ENOUGH_DATA', 'expected events to split by time, got none; import some first');
  const minHistoryMs = request.minHistoryMs ?? Math.min(horizonMs, LONGEST_DEFAULT_HISTORY_MS);
  const testAsOf = request.testAsOf ?? startOfDay(lastMs - horizonMs, horizonMs, request.zone ?? UTC);
  if (testAsOf + horizonMs > lastMs)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected a test moment whose next ${days(horizonMs)} days are over, got ${formatMoment(testAsOf)} with data until ` +
        `${formatMoment(lastMs)}; use ${formatMoment(startOfDay(lastMs - horizonMs, horizonMs, request.zone ?? UTC))} or earlier`,
      { horizonDays: days(horizonMs) },
    );
  return {
    horizonMs,
    testAsOf,
    earliestMs: firstMs + minHistoryMs,
    minHistoryMs,
    strideMs: request.strideMs,
    maxTrainOrigins: Math.max(1, request.maxTrainOrigins ?? TRAIN_ORIGINS),
    maxCalibrateOrigins: Math.max(0, request.maxCalibrateOrigins ?? 1),
    folds: Math.max(2, request.folds ?? FOLDS),
  };
}

/** The midnight at or before, on the shop's clock; horizons under a day keep their minute. */
function startOfDay(ms: number, horizonMs: number, zone: ZoneOffsets): number {
  if (horizonMs < DAY_MS) return Math.floor(ms / 60_000) * 60_000;
  const offset = offsetAt(zone, ms);
  const midnight = Math.floor((ms + offset) / DAY_MS) * DAY_MS;
  const moment = midnight - offsetAt(zone, midnight - offset);
  return moment <= ms ? moment : moment - DAY_MS;
}

function trainingMoments(newest: number, settled: Settled): readonly number[] {
  const back = (strideMs: number) => {
    const moments = [newest];
    while (moments.length < settled.maxTrainOrigins && moments[0] - strideMs >= settled.earliestMs) {
      moments.unshift(moments[0] - strideMs);
    }
    return moments;
  };
  if (settled.strideMs !== undefined) return back(settled.strideMs);
  const apart = back(settled.horizonMs);
  if (apart.length >= Math.min(3, settled.maxTrainOrigins)) return apart;
  const third = settled.horizonMs / 3;
  return back(third >= DAY_MS ? Math.floor(third / DAY_MS) * DAY_MS : third).slice(-3);
}

function tooShort(request: SplitRequest, settled: Settled): AppError {
  const { horizonMs, minHistoryMs, testAsOf } = settled;
  const needed = Math.ceil(days(2 * horizonMs + minHistoryMs));
  const there = Math.max(0, Math.floor(days(testAsOf + horizonMs - request.firstMs)));
  const fitting = Math.floor(days(request.lastMs - request.firstMs) / 3);
  const advice =
    fitting >= 1 ? `use a horizon of ${fitting} days or less, or import older events` : 'import older events';
  return new AppError(
    'NOT_ENOUGH_DATA',
    `expected ${needed} days of events to train and test over a horizon of ${days(horizonMs)} days ` +
      `(${Math.ceil(days(minHistoryMs))} days of history, then one horizon to learn and one to test), got ${there}; ${advice}`,
    { daysNeeded: needed, daysThere: there, horizonDays: days(horizonMs) },
  );
}

const days = (ms: number): number => Math.round((ms / DAY_MS) * 100) / 100;

function describe(plan: Omit<SplitPlan, 'words'>): Name {
  const list = (moments: readonly number[]) => moments.map(formatMoment).join(', ');
  const span = days(plan.horizonMs);
  const crossFit = plan.calibrate === 'cross-fit';
  const calibrateEn =
    plan.calibrate === 'cross-fit'
      ? `calibrated on held-out customers of the training moments (${plan.folds} folds), not yet checked on a later period`
      : `calibrated at ${list(plan.calibrate)}`;
  const calibrateZh =
    plan.calibrate === 'cross-fit'
      ? `用训练时点中留出的客户校准（${plan.folds} 折），尚未在更晚的时期检验`
      : `校准时点 ${list(plan.calibrate)}`;
  return name(
    `trained at ${list(plan.train)}; ${calibrateEn}; tested at ${list(plan.test)}; every outcome window is ${span} days ` +
      `and ends before the next stage begins${crossFit ? '; history is too short for a calibration period of its own' : ''}`,
    `训练时点 ${list(plan.train)}；${calibrateZh}；测试时点 ${list(plan.test)}；每个结果窗口 ${span} 天，` +
      `并在下一阶段开始前结束${crossFit ? '；历史太短，没有单独的校准期' : ''}`,
  );
}

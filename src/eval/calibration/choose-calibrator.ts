// Which calibration to use: cross-fitted on calibration data, the simplest that is not clearly worse.
import { takeNumbers } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import { hash32 } from '../../core/random.ts';
import { type Clusters, clustersOf } from '../bootstrap.ts';
import { checkLength, checkProbabilities } from '../metrics/predictions.ts';
import {
  applyCalibrator,
  CALIBRATION_METHODS,
  type CalibrationMethod,
  type Calibrator,
  fitCalibrator,
} from './calibrator.ts';

/** Row i of everything belongs to one example. */
export interface CalibrationExamples {
  readonly entities: readonly string[];
  /** 0 or 1, [rows] */
  readonly actual: Float64Array;
  /** [rows], of a model that did not learn from these rows. */
  readonly predicted: Float64Array;
}

export interface CalibrationChoice {
  readonly calibrator: Calibrator;
  /** Log loss of each method on customers it was not fitted on; absent where the method was not tried. */
  readonly trials: readonly { readonly method: CalibrationMethod; readonly logLoss: number }[];
  readonly words: Name;
}

/** Each outcome must be seen this often before a method is tried at all. */
const LEAST_OF_EACH_OUTCOME: Readonly<Record<CalibrationMethod, number>> = {
  identity: 0,
  platt: 10,
  beta: 50,
  isotonic: 200,
};

/** Curves of three numbers need no more rows; above, whole customers are left out, always the same ones. */
const MOST_ROWS = 100_000;

/**
 * Chooses by log loss over folds of customers, then fits the winner on everything.
 *
 * A simpler method wins while its loss is within one standard error (by customer, paired) of the best one.
 *
 * @param all calibration data, never test data
 */
export function chooseCalibrator(
  all: CalibrationExamples,
  options: { seed: number; folds?: number },
): CalibrationChoice {
  checkProbabilities(all);
  checkLength('entities', all.entities, all.actual.length);
  const examples = sampled(all, options.seed);
  const { entities, actual, predicted } = examples;
  const positives = actual.reduce((sum, value) => sum + value, 0);
  const rarer = Math.min(positives, actual.length - positives);
  const methods = CALIBRATION_METHODS.filter((method) => rarer >= LEAST_OF_EACH_OUTCOME[method]);
  const folds = options.folds ?? 5;
  const fold = entities.map((entity) => hash32(entity, hash32(`calibration ${options.seed}`)) % folds);
  const losses = methods.map((method) => heldOutLosses(method, actual, predicted, fold));
  const trials = methods.map((method, i) => ({ method, logLoss: meanOf(losses[i]) }));
  const best = trials.reduce((winner, trial, i) => (trial.logLoss < trials[winner].logLoss ? i : winner), 0);
  const clusters = clustersOf(entities);
  const chosen = losses.findIndex((loss) => withinNoise(loss, losses[best], clusters));
  const { method } = trials[chosen];
  return {
    calibrator: fitCalibrator(method, examples),
    trials,
    words: inWords(method, rarer, trials.length),
  };
}

function sampled(all: CalibrationExamples, seed: number): CalibrationExamples {
  const parts = Math.ceil(all.actual.length / MOST_ROWS);
  if (parts <= 1) return all;
  const salt = hash32(`calibration sample ${seed}`);
  const kept = all.entities.flatMap((entity, i) => (hash32(entity, salt) % parts === 0 ? [i] : []));
  return {
    entities: kept.map((i) => all.entities[i]),
    actual: takeNumbers(all.actual, kept),
    predicted: takeNumbers(all.predicted, kept),
  };
}

function heldOutLosses(
  method: CalibrationMethod,
  actual: Float64Array,
  predicted: Float64Array,
  fold: readonly number[],
): Float64Array {
  const losses = new Float64Array(actual.length);
  for (const held of new Set(fold)) {
    const inside = fold.flatMap((f, i) => (f === held ? [i] : []));
    const outside = fold.flatMap((f, i) => (f === held ? [] : [i]));
    const calibrator: Calibrator =
      outside.length === 0
        ? { method: 'identity' }
        : fitCalibrator(method, {
            actual: takeNumbers(actual, outside),
            predicted: takeNumbers(predicted, outside),
          });
    const calibrated = applyCalibrator(calibrator, takeNumbers(predicted, inside));
    inside.forEach((row, i) => {
      const p = actual[row] === 1 ? calibrated[i] : 1 - calibrated[i];
      losses[row] = -Math.log(Math.max(1e-15, p));
    });
  }
  return losses;
}

function withinNoise(loss: Float64Array, best: Float64Array, { cluster, count }: Clusters): boolean {
  const byCustomer = new Float64Array(count);
  const gap = meanOf(loss) - meanOf(best);
  for (let i = 0; i < loss.length; i++) byCustomer[cluster[i]] += loss[i] - best[i] - gap;
  const standardError = Math.sqrt(byCustomer.reduce((sum, value) => sum + value * value, 0)) / loss.length;
  return gap <= standardError;
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function inWords(method: CalibrationMethod, rarer: number, tried: number): Name {
  const names: Readonly<Record<CalibrationMethod, Name>> = {
    identity: name('left as they are', '保持原样'),
    platt: name('calibrated by a logistic curve (Platt)', '用逻辑曲线（Platt）校准'),
    beta: name('calibrated by a beta curve', '用 beta 曲线校准'),
    isotonic: name('calibrated by a rising step curve (isotonic)', '用单调阶梯曲线（isotonic）校准'),
  };
  if (tried === 1)
    return name(
      `probabilities left as they are: the rarer outcome was seen ${rarer} times, ${LEAST_OF_EACH_OUTCOME.platt} are needed to calibrate`,
      `概率保持原样：较少的结果只出现 ${rarer} 次，校准至少需要 ${LEAST_OF_EACH_OUTCOME.platt} 次`,
    );
  return name(
    `probabilities ${names[method].en}: the simplest of ${tried} methods within noise of the best on held-out customers`,
    `概率${names[method].zh}：在留出客户上，${tried} 种方法中与最佳无明显差别的最简单者`,
  );
}

// Which calibration to use: cross-fitted on calibration data, the simplest that is not clearly worse.
import { takeNumbers } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import { hash32 } from '../../core/random.ts';
import { type Clusters, clustersOf } from '../bootstrap.ts';
import { eceByChance, equalCountEce } from '../metrics/binary.ts';
import { checkLength, checkProbabilities, evenWeights } from '../metrics/predictions.ts';
import { meanLoss, withinNoise } from '../within-noise.ts';
import {
  applyCalibrator,
  CALIBRATION_METHODS,
  type CalibrationMethod,
  type Calibrator,
  fitCalibrator,
  fitCalibrators,
} from './calibrator.ts';

/** Row i of everything belongs to one example. */
export interface CalibrationExamples {
  readonly entities: readonly string[];
  /** 0 or 1, [rows] */
  readonly actual: Float64Array;
  /** [rows], of a model that did not learn from these rows. */
  readonly predicted: Float64Array;
}

/** One method on customers it was not fitted on. */
export interface CalibrationTrial {
  readonly method: CalibrationMethod;
  readonly logLoss: number;
  readonly brier: number;
  readonly ece: number;
}

export interface CalibrationChoice {
  readonly calibrator: Calibrator;
  /** Simplest first; those there were too few outcomes for are absent. */
  readonly trials: readonly CalibrationTrial[];
  readonly words: Name;
}

/** Each outcome must be seen this often before a method is tried at all. */
const LEAST_OF_EACH_OUTCOME: Readonly<Record<CalibrationMethod, number>> = {
  identity: 0,
  platt: 10,
  beta: 50,
  blend: 200,
  isotonic: 200,
  'venn-abers': 200,
};

/**
 * Calibration errors this close are equal to a person; with few rows, those closer than half of what chance alone gives
 * to honest probabilities (half, because methods measured on the same customers share their chance).
 */
const NOTICEABLE = 0.003;

/** A curve needs no more rows, and a choice between curves fewer; above, whole customers are left out, always the same. */
const MOST_ROWS = { fit: 100_000, choice: 10_000 } as const;

/**
 * Chooses over folds of customers, then fits the winner on everything.
 *
 * The simplest method wins that is within one standard error (by customer, paired) of the best in log loss or in Brier
 * score, and whose calibration error is not noticeably above the smallest. Two proper scores, because log loss alone
 * listens to a few surprises near 0 and 1.
 *
 * @param all calibration data, never test data
 */
export function chooseCalibrator(
  all: CalibrationExamples,
  options: { seed: number; folds?: number },
): CalibrationChoice {
  checkProbabilities(all);
  checkLength('entities', all.entities, all.actual.length);
  const examples = sampled(all, MOST_ROWS.choice, options.seed);
  const { entities, actual } = examples;
  const positives = actual.reduce((sum, value) => sum + value, 0);
  const rarer = Math.min(positives, actual.length - positives);
  const methods = CALIBRATION_METHODS.filter((method) => rarer >= LEAST_OF_EACH_OUTCOME[method]);
  const folds = options.folds ?? 5;
  const fold = entities.map((entity) => hash32(entity, hash32(`calibration ${options.seed}`)) % folds);
  const tried = heldOut(methods, examples, fold);
  const trials = tried.map(({ method, logLoss, brier, ece }) => ({
    method,
    logLoss: meanLoss(logLoss),
    brier: meanLoss(brier),
    ece,
  }));
  const chosen = trials[simplestOf(tried, clustersOf(entities))].method;
  return {
    calibrator: fitCalibrator(chosen, sampled(all, MOST_ROWS.fit, options.seed)),
    trials,
    words: inWords(chosen, rarer, trials.length),
  };
}

/** What a method did on customers it was not fitted on: losses [rows], and the error of its bins. */
interface HeldOut {
  readonly method: CalibrationMethod;
  readonly logLoss: Float64Array;
  readonly brier: Float64Array;
  readonly ece: number;
  /** The ECE that chance alone would give these probabilities if they were honest. */
  readonly eceByChance: () => number;
}

function simplestOf(tried: readonly HeldOut[], clusters: Clusters): number {
  const least = (loss: (each: HeldOut) => Float64Array) =>
    loss(tried.reduce((best, each) => (meanLoss(loss(each)) < meanLoss(loss(best)) ? each : best)));
  const [logLoss, brier] = [least((each) => each.logLoss), least((each) => each.brier)];
  const good = tried.map(
    (each) => withinNoise(each.logLoss, logLoss, clusters) || withinNoise(each.brier, brier, clusters),
  );
  const ece = tried.reduce((smallest, each, i) => (good[i] ? Math.min(smallest, each.ece) : smallest), 1);
  const looksGood = (each: HeldOut) =>
    each.ece <= ece + NOTICEABLE || each.ece <= ece + each.eceByChance() / 2;
  return tried.findIndex((each, i) => good[i] && looksGood(each));
}

function sampled(all: CalibrationExamples, most: number, seed: number): CalibrationExamples {
  const parts = Math.ceil(all.actual.length / most);
  if (parts <= 1) return all;
  const salt = hash32(`calibration sample ${seed}`);
  const kept = all.entities.flatMap((entity, i) => (hash32(entity, salt) % parts === 0 ? [i] : []));
  return {
    entities: kept.map((i) => all.entities[i]),
    actual: takeNumbers(all.actual, kept),
    predicted: takeNumbers(all.predicted, kept),
  };
}

/** Every method on customers it was not fitted on. */
function heldOut(
  methods: readonly CalibrationMethod[],
  { actual, predicted }: CalibrationExamples,
  fold: readonly number[],
): readonly HeldOut[] {
  const calibrated = methods.map(() => new Float64Array(actual.length));
  for (const held of new Set(fold)) {
    const inside: number[] = [];
    const outside: number[] = [];
    fold.forEach((own, row) => {
      (own === held ? inside : outside).push(row);
    });
    const others = { actual: takeNumbers(actual, outside), predicted: takeNumbers(predicted, outside) };
    const fitted: readonly Calibrator[] =
      outside.length === 0 ? methods.map(() => ({ method: 'identity' })) : fitCalibrators(methods, others);
    const own = takeNumbers(predicted, inside);
    fitted.forEach((calibrator, at) => {
      applyCalibrator(calibrator, own).forEach((p, i) => {
        calibrated[at][inside[i]] = p;
      });
    });
  }
  return calibrated.map((own, at) => ({
    method: methods[at],
    logLoss: own.map((p, i) => -Math.log(Math.max(1e-15, actual[i] === 1 ? p : 1 - p))),
    brier: own.map((p, i) => (p - actual[i]) ** 2),
    ece: equalCountEce({ actual, predicted: own })(evenWeights(actual.length)),
    eceByChance: () => eceByChance(own),
  }));
}

function inWords(method: CalibrationMethod, rarer: number, tried: number): Name {
  const names: Readonly<Record<CalibrationMethod, Name>> = {
    identity: name('left as they are', '保持原样'),
    platt: name('calibrated by a logistic curve (Platt)', '用逻辑曲线（Platt）校准'),
    beta: name('calibrated by a beta curve', '用 beta 曲线校准'),
    blend: name(
      'calibrated by a beta curve and Venn–Abers, halfway',
      '取 beta 曲线与 Venn–Abers 的中间值校准',
    ),
    'venn-abers': name('calibrated by Venn–Abers', '用 Venn–Abers 校准'),
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

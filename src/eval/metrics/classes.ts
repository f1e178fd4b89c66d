// Metrics of class probabilities: how likely, how often right, how well each class stands out, how honest the confidence.
import { AppError } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import { equalCountEce, meanOf, rocAuc } from './binary.ts';
import type { Metric } from './metric.ts';
import { checkFinite, checkLength, type Measure } from './predictions.ts';

/** Row i of `actual` belongs to row i of `predicted`. */
export interface ClassPredictions {
  readonly classes: number;
  /** The class that came, 0 … classes − 1, [rows] */
  readonly actual: Float64Array;
  /** Probability of each class, summing to 1, [rows, classes] */
  readonly predicted: Float64Array;
}

/** A probability of exactly 0 that proves wrong costs −ln of this, not infinity. */
const SMALLEST_PROBABILITY = 1e-15;

/** Probabilities of float32 models sum to one no better than this. */
const SUM_TOLERANCE = 1e-4;

/** @throws AppError SHAPE, NOT_ENOUGH_DATA without rows, BAD_DATA for strange classes or rows that do not sum to one */
export function checkClasses({ classes, actual, predicted }: ClassPredictions): void {
  const rows = actual.length;
  if (!(Number.isInteger(classes) && classes >= 2))
    throw new AppError('USAGE', `expected at least 2 classes, got ${classes}`);
  if (rows === 0) throw new AppError('NOT_ENOUGH_DATA', 'expected at least one example to score, got none');
  if (predicted.length !== rows * classes)
    throw new AppError(
      'SHAPE',
      `expected probabilities of [rows=${rows}, classes=${classes}], got ${predicted.length} numbers`,
    );
  checkLength('classes', actual, rows);
  checkFinite('probabilities', predicted);
  const strangers = actual.reduce(
    (count, value) => count + (Number.isInteger(value) && value >= 0 && value < classes ? 0 : 1),
    0,
  );
  if (strangers > 0)
    throw new AppError(
      'BAD_DATA',
      `expected classes 0 to ${classes - 1}, got ${strangers} of ${rows} others`,
    );
  let broken = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    let negative = false;
    for (let k = 0; k < classes; k++) {
      sum += predicted[i * classes + k];
      negative ||= predicted[i * classes + k] < 0;
    }
    if (negative || Math.abs(sum - 1) > SUM_TOLERANCE) broken++;
  }
  if (broken > 0)
    throw new AppError(
      'BAD_DATA',
      `expected probabilities of at least 0 that sum to 1 in each row, got ${broken} of ${rows} rows that do not`,
    );
}

/** Mean of −ln of the probability given to the class that came (natural logarithm). */
export function classLogLoss({ classes, actual, predicted }: ClassPredictions): Measure {
  return meanOf(
    actual.map((own, i) => -Math.log(Math.max(SMALLEST_PROBABILITY, predicted[i * classes + own]))),
  );
}

/** Mean over examples of Σ over classes (probability − what came)², in [0, 2] (Brier 1950). */
export function classBrier({ classes, actual, predicted }: ClassPredictions): Measure {
  return meanOf(
    actual.map((own, i) => {
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += (predicted[i * classes + k] - (k === own ? 1 : 0)) ** 2;
      return sum;
    }),
  );
}

/** The likeliest class of each row, the first of equal ones, [rows]. */
export function likeliest({ classes, predicted }: Omit<ClassPredictions, 'actual'>): Int32Array {
  const chosen = new Int32Array(predicted.length / classes);
  for (let i = 0; i < chosen.length; i++) {
    for (let k = 1; k < classes; k++) {
      if (predicted[i * classes + k] > predicted[i * classes + chosen[i]]) chosen[i] = k;
    }
  }
  return chosen;
}

/** Share of examples whose likeliest class came. */
export function classAccuracy(rows: ClassPredictions): Measure {
  const called = likeliest(rows);
  return meanOf(rows.actual.map((own, i) => (called[i] === own ? 1 : 0)));
}

/** Mean F1 of the classes that came or were called (macro). */
export function macroF1(rows: ClassPredictions): Measure {
  const { classes, actual } = rows;
  const called = likeliest(rows);
  return (weight) => {
    const hits = new Float64Array(classes);
    const named = new Float64Array(classes);
    for (let i = 0; i < actual.length; i++) {
      named[actual[i]] += weight[i];
      named[called[i]] += weight[i];
      if (called[i] === actual[i]) hits[called[i]] += weight[i];
    }
    let sum = 0;
    let seen = 0;
    for (let k = 0; k < classes; k++) {
      if (named[k] === 0) continue;
      sum += (2 * hits[k]) / named[k];
      seen++;
    }
    return sum / seen;
  };
}

/** One class against all others, as rows of a yes-or-no question. */
export function oneAgainstRest(
  { classes, actual, predicted }: ClassPredictions,
  own: number,
): { actual: Float64Array; predicted: Float64Array } {
  return {
    actual: actual.map((value) => (value === own ? 1 : 0)),
    predicted: Float64Array.from(actual, (_, i) => Math.min(1, predicted[i * classes + own])),
  };
}

/** Mean ROC AUC of each class against the rest (macro), over the classes that came. */
export function macroRocAuc(rows: ClassPredictions): Measure {
  const each = Array.from({ length: rows.classes }, (_, k) => rocAuc(oneAgainstRest(rows, k)));
  return (weight) => {
    let sum = 0;
    let known = 0;
    for (const measure of each) {
      const area = measure(weight);
      if (Number.isNaN(area)) continue;
      sum += area;
      known++;
    }
    return sum / known;
  };
}

/**
 * Calibration error of the confidence: mean |probability of the called class − share of right calls| over ten bins of
 * equal count.
 *
 * @see Guo et al. 2017, eq. 3, arXiv:1706.04599 (there with bins of equal width)
 */
export function confidenceEce(rows: ClassPredictions): Measure {
  const called = likeliest(rows);
  return equalCountEce({
    actual: rows.actual.map((own, i) => (called[i] === own ? 1 : 0)),
    predicted: Float64Array.from(called, (k, i) => Math.min(1, rows.predicted[i * rows.classes + k])),
  });
}

type ClassMetric = Omit<Metric, 'prepare'> & { readonly prepare: (rows: ClassPredictions) => Measure };

const anyRows = name('at least one example', '至少一个样本');

export const CLASS_METRICS = {
  log_loss: {
    label: name('log loss', '对数损失'),
    better: 'lower',
    needs: anyRows,
    prepare: classLogLoss,
  },
  brier: {
    label: name('Brier score, summed over classes', 'Brier 分数（各类之和）'),
    better: 'lower',
    needs: anyRows,
    prepare: classBrier,
  },
  roc_auc: {
    label: name('ROC AUC, mean of each class against the rest', 'ROC AUC（各类对其余的平均）'),
    better: 'higher',
    needs: name('examples of at least two classes', '至少两个类别的样本'),
    prepare: macroRocAuc,
  },
  ece: {
    label: name(
      'calibration error of the confidence (10 bins of equal count)',
      '置信度校准误差（10 个等频分箱）',
    ),
    better: 'lower',
    needs: anyRows,
    prepare: confidenceEce,
  },
  f1: {
    label: name('F1, mean over classes', 'F1（各类平均）'),
    better: 'higher',
    needs: anyRows,
    prepare: macroF1,
  },
  accuracy: {
    label: name('accuracy of the likeliest class', '最可能类别的准确率'),
    better: 'higher',
    needs: anyRows,
    prepare: classAccuracy,
  },
} as const satisfies Record<string, ClassMetric>;

export type ClassMetricName = keyof typeof CLASS_METRICS;

// What unseen predictions teach about a model of a table: how to calibrate it, how far off it may be, how good it is.
import { takeNumbers } from '../../core/frame.ts';
import { chooseCalibrator } from '../../eval/calibration/choose-calibrator.ts';
import { chooseClassCalibrator } from '../../eval/calibration/class-calibrator.ts';
import { fitVennAbers } from '../../eval/calibration/venn-abers.ts';
import { chooseAmountInterval } from '../../eval/choose-interval.ts';
import { type AmountInterval, fitAmountInterval } from '../../eval/conformal.ts';
import { fitConformalGroups } from '../../eval/conformal-groups.ts';
import type { QuantileBand } from '../../eval/conformal-quantile.ts';
import { type Evaluation, scoreAmount, scoreBinary, scoreClasses } from '../../eval/evaluate-predictions.ts';
import type { RowMetricName } from '../../eval/metrics/metric.ts';
import { chooseThreshold } from '../../eval/threshold.ts';
import type { Sample } from '../../models/estimator.ts';
import { correctAnswers, type TableAnswers, type TableCorrections } from '../../models/table-model.ts';

/** Which metrics matter for a kind of question: the first decides unless told otherwise; shown in this order. */
export const TABLE_METRICS: Readonly<Record<Sample['question']['kind'], readonly RowMetricName[]>> = {
  binary: ['log_loss', 'roc_auc', 'average_precision', 'brier', 'ece', 'f1', 'accuracy'],
  amount: ['rmse', 'mae', 'wape', 'bias', 'spearman', 'norm_gini', 'coverage'],
  classes: ['log_loss', 'accuracy', 'f1', 'roc_auc', 'brier', 'ece'],
};

/** What may decide between models of an amount: `rmse` wants its mean, `mae` its median. */
export const AMOUNT_DECIDERS = ['rmse', 'mae'] as const;
export type AmountDecider = (typeof AMOUNT_DECIDERS)[number];

/** The metrics of a kind of question, the one that decides first. */
export function metricsOf(
  kind: Sample['question']['kind'],
  decider?: AmountDecider,
): readonly RowMetricName[] {
  const metrics = TABLE_METRICS[kind];
  if (kind !== 'amount' || decider === undefined) return metrics;
  return [decider, ...metrics.filter((metric) => metric !== decider)];
}

const LEVEL = 0.9;
/** Either outcome must be seen this often before two probabilities say more than "somewhere between 0 and 1". */
const LEAST_OF_EACH_OUTCOME = 10;
/** Under this many rows a band of its own shape would be guesswork. */
const ROWS_FOR_A_BAND = 200;

/**
 * @param raw  what a model that has not seen the rows of `sample` says of them
 * @param band what it says of their quantiles, if it does
 */
export function fitTableCorrections(
  sample: Sample,
  raw: Float64Array,
  { seed, band }: { seed: number; band?: QuantileBand },
): TableCorrections {
  const { kind, classes = 2 } = sample.question;
  const rows = { entities: sample.entities, actual: sample.target, predicted: raw };
  if (kind === 'classes')
    return { classCalibrator: chooseClassCalibrator({ ...rows, classes }, { seed }).calibrator };
  if (kind === 'amount') {
    const interval = fitInterval(rows, { seed, band });
    return interval ? { interval } : {};
  }
  const { calibrator } = chooseCalibrator(rows, { seed });
  const value = correctAnswers(
    { model: { question: sample.question }, corrections: { calibrator } },
    raw,
  ).value;
  const positives = sample.target.reduce((sum, outcome) => sum + outcome, 0);
  const rarer = Math.min(positives, sample.target.length - positives);
  return {
    calibrator,
    ...(rarer >= LEAST_OF_EACH_OUTCOME ? { pair: fitVennAbers(rows) } : {}),
    threshold: chooseThreshold({ actual: sample.target, predicted: value }),
  };
}

/**
 * A model's own band where it has one and that beats the others; else amounts that are never negative get a band that
 * widens with them, and others distances by size of the prediction. Of few rows, the same distance everywhere.
 */
function fitInterval(
  rows: { entities: readonly string[]; actual: Float64Array; predicted: Float64Array },
  { seed, band }: { seed: number; band?: QuantileBand },
): AmountInterval | undefined {
  const { actual, predicted } = rows;
  if (actual.length < ROWS_FOR_A_BAND) return residualInterval(actual, predicted);
  if (band) {
    const { interval } = chooseAmountInterval({ ...rows, band }, { level: LEVEL, seed });
    if (interval?.method !== 'conformal-residual') return interval;
  }
  const signed = actual.some((value) => value < 0) || predicted.some((value) => value < 0);
  return signed ? fitConformalGroups(rows, LEVEL) : fitAmountInterval(rows, { level: LEVEL, seed });
}

/** Split conformal with half of the miss on either side. @see Vovk, Gammerman and Shafer 2005, §4.2 */
function residualInterval(actual: Float64Array, predicted: Float64Array): AmountInterval | undefined {
  const rows = actual.length;
  const rank = Math.ceil(((1 + LEVEL) / 2) * (rows + 1));
  if (rank > rows) return undefined;
  const errors = actual.map((value, i) => value - predicted[i]).sort();
  return {
    method: 'conformal-residual',
    level: LEVEL,
    low: Math.min(0, errors[rows - rank]),
    high: Math.max(0, errors[rank - 1]),
    rows,
  };
}

/** @param draws of the bootstrap by entity */
export function scoreTable(
  sample: Sample,
  answers: TableAnswers,
  options: { seed: number; draws?: number; threshold?: number },
): Evaluation {
  const { kind, classes = 2 } = sample.question;
  const rows = { entities: sample.entities, actual: sample.target, predicted: answers.value };
  const bootstrap = { seed: options.seed, ...(options.draws ? { draws: options.draws } : {}) };
  if (kind === 'classes') return scoreClasses({ ...rows, classes }, bootstrap);
  if (kind === 'amount') return scoreAmount({ ...rows, low: answers.low, high: answers.high }, bootstrap);
  const { threshold } = options;
  return scoreBinary({ ...rows, ...(threshold === undefined ? {} : { threshold }) }, bootstrap);
}

/** The answers of some rows. */
export function takeAnswers(answers: TableAnswers, rows: ArrayLike<number>, width: number): TableAnswers {
  const { value, low, high, called } = answers;
  const taken = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) taken[i * width + k] = value[rows[i] * width + k];
  }
  return {
    value: taken,
    ...(low && high ? { low: takeNumbers(low, rows), high: takeNumbers(high, rows) } : {}),
    ...(called ? { called: Int32Array.from({ length: rows.length }, (_, i) => called[rows[i]]) } : {}),
  };
}

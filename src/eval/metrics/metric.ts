// The metrics by name: which way is better, what each needs, and how to bind it to examples.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import type { MetricName } from '../score.ts';
import { bias, coverage, mae, normGini, rmse, spearman, wape } from './amount.ts';
import { accuracy, averagePrecision, brier, equalCountEce, f1, logLoss, rocAuc } from './binary.ts';
import {
  checkAmounts,
  checkProbabilities,
  evenWeights,
  type Measure,
  type Predictions,
} from './predictions.ts';

export type Direction = 'higher' | 'lower' | 'nearer-zero' | 'nearer-level';

export interface Metric {
  readonly label: Name;
  readonly better: Direction;
  /** What must hold for the number to exist. */
  readonly needs: Name;
  readonly prepare: (rows: Predictions) => Measure;
}

const anyRows = name('at least one example', '至少一个样本');
const bothClasses = name(
  'examples of both outcomes: one with 1 and one with 0',
  '两种结果都要有：至少一个 1 和一个 0',
);
const aPositive = name('at least one example whose outcome is 1', '至少一个结果为 1 的样本');
const variety = name('targets and predictions that are not all equal', '实际值与预测值都不能全部相等');
const positiveTotal = name(
  'actual amounts that sum to more than zero, and to more than a tenth of their sizes',
  '实际金额合计要大于零，且超过各金额绝对值之和的十分之一',
);

export const BINARY_METRICS = {
  log_loss: { label: name('log loss', '对数损失'), better: 'lower', needs: anyRows, prepare: logLoss },
  brier: { label: name('Brier score', 'Brier 分数'), better: 'lower', needs: anyRows, prepare: brier },
  roc_auc: { label: name('ROC AUC', 'ROC AUC'), better: 'higher', needs: bothClasses, prepare: rocAuc },
  average_precision: {
    label: name('average precision', '平均精确率'),
    better: 'higher',
    needs: aPositive,
    prepare: averagePrecision,
  },
  ece: {
    label: name('calibration error (10 bins of equal count)', '校准误差（10 个等频分箱）'),
    better: 'lower',
    needs: anyRows,
    prepare: equalCountEce,
  },
  f1: {
    label: name('F1 at the threshold', '阈值处的 F1'),
    better: 'higher',
    needs: name('at least one example that is, or is called, positive', '至少一个样本实际为正或被判为正'),
    prepare: f1,
  },
  accuracy: {
    label: name('accuracy at the threshold', '阈值处的准确率'),
    better: 'higher',
    needs: anyRows,
    prepare: accuracy,
  },
} as const satisfies Partial<Record<MetricName, Metric>>;

export const AMOUNT_METRICS = {
  mae: { label: name('mean absolute error', '平均绝对误差'), better: 'lower', needs: anyRows, prepare: mae },
  rmse: {
    label: name('root mean squared error', '均方根误差'),
    better: 'lower',
    needs: anyRows,
    prepare: rmse,
  },
  wape: {
    label: name('weighted absolute percentage error', '加权绝对百分比误差'),
    better: 'lower',
    needs: name('an actual amount that is not zero', '至少一个不为零的实际金额'),
    prepare: wape,
  },
  bias: {
    label: name('bias of the total', '总额偏差'),
    better: 'nearer-zero',
    needs: positiveTotal,
    prepare: bias,
  },
  spearman: {
    label: name('Spearman rank correlation', 'Spearman 秩相关'),
    better: 'higher',
    needs: variety,
    prepare: spearman,
  },
  norm_gini: {
    label: name('normalised Gini', '归一化 Gini'),
    better: 'higher',
    needs: name('actual amounts that differ', '实际金额不能全部相等'),
    prepare: normGini,
  },
  coverage: {
    label: name('share inside the interval', '区间覆盖率'),
    better: 'nearer-level',
    needs: name('an interval for each prediction', '每个预测都要有区间'),
    prepare: coverage,
  },
} as const satisfies Partial<Record<MetricName, Metric>>;

export type BinaryMetricName = keyof typeof BINARY_METRICS;
export type AmountMetricName = keyof typeof AMOUNT_METRICS;
export type RowMetricName = BinaryMetricName | AmountMetricName;

export const ROW_METRICS: Readonly<Record<RowMetricName, Metric>> = { ...BINARY_METRICS, ...AMOUNT_METRICS };

/**
 * One metric of one set of predictions.
 *
 * @throws AppError BAD_DATA, SHAPE for values it cannot read, NOT_ENOUGH_DATA when the metric has no value here
 */
export function measure(metric: RowMetricName, rows: Predictions): number {
  if (metric in BINARY_METRICS) checkProbabilities(rows);
  else checkAmounts(rows);
  const value = ROW_METRICS[metric].prepare(rows)(evenWeights(rows.actual.length));
  if (Number.isNaN(value))
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `${metric} has no value here: it needs ${ROW_METRICS[metric].needs.en}`,
    );
  return value;
}

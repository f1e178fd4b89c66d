// What tasks of one kind share: how answers are judged and which models are tried.
import type { RowMetricName } from '../eval/metrics/metric.ts';

/** Log loss decides: it rewards probabilities that are both sharp and true. */
export const PROBABILITY_METRICS: readonly RowMetricName[] = [
  'log_loss',
  'roc_auc',
  'average_precision',
  'brier',
  'ece',
  'f1',
  'accuracy',
];

/** Mean absolute error decides, between models brought to the same level first. */
export const AMOUNT_METRICS_ORDER: readonly RowMetricName[] = [
  'mae',
  'norm_gini',
  'bias',
  'spearman',
  'wape',
  'rmse',
  'coverage',
];

export const BASELINES: readonly string[] = ['rate', 'last-period', 'recency', 'own-rate'];

/** Of an item: the average, how many meet it, when it was touched last, how often those who meet it buy it. */
export const ITEM_BASELINES: readonly string[] = ['rate', 'popularity', 'last-touched', 'item-rate'];

/** Of a visit: the average, how many meet the item met last, when the visitor last bought, how long the visit is. */
export const VISIT_BASELINES: readonly string[] = ['rate', 'popularity', 'recency', 'visit-length'];

/** Moments and items are no histories of buying: models of those have nothing to say here. */
export const MOMENT_RECIPE: readonly string[] = ['logistic', 'gbdt', 'gbdt:random', 'tree', 'elastic-net'];

export const PROBABILITY_RECIPE: readonly string[] = [
  'logistic',
  'gbdt',
  'gbdt:random',
  'bg-nbd',
  'tree',
  'elastic-net',
  'mbg-nbd',
  'pareto-nbd',
];

export const AMOUNT_RECIPE: readonly string[] = [
  'tweedie',
  'gbdt',
  'gbdt:random',
  'gbdt:hurdle',
  'bg-nbd',
  'hurdle',
  'tree',
  'linear',
  'elastic-net',
  'mbg-nbd',
  'pareto-nbd',
];

export const CLASSES_RECIPE: readonly string[] = ['logistic', 'gbdt', 'tree', 'elastic-net'];

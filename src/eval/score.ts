// The shape of every number we report: a value, its interval, and the protocol it was measured under.

/** Of one number a row. */
export const METRIC_NAMES = [
  'roc_auc',
  'average_precision',
  'log_loss',
  'brier',
  'ece',
  'f1',
  'accuracy',
  'mae',
  'rmse',
  'wape',
  'bias',
  'spearman',
  'norm_gini',
  'coverage',
] as const;

export const RANK_METRIC_KINDS = ['recall', 'ndcg', 'mrr'] as const;

export type RankMetricKind = (typeof RANK_METRIC_KINDS)[number];

/** Of rankings, with the place down to which they are read: `recall@10`. */
export type RankMetricName = `${RankMetricKind}@${number}`;

export type MetricName = (typeof METRIC_NAMES)[number] | RankMetricName;

/** The parts of `ndcg@10`; `undefined` for a metric of another kind. */
export function rankMetricOf(
  metric: string,
): { readonly kind: RankMetricKind; readonly k: number } | undefined {
  const [kind, k] = metric.split('@');
  const known = RANK_METRIC_KINDS.find((own) => own === kind);
  return known && k !== undefined ? { kind: known, k: Number(k) } : undefined;
}

/** A measured number with its 95 % interval. `bias` is (Σ predicted − Σ actual) / Σ actual. */
export interface Score {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export type Scores = Partial<Record<(typeof METRIC_NAMES)[number], Score>> & {
  readonly [Rank in RankMetricName]: Score;
};

/** How a number was measured; printed beside it, always. Moments are `formatMoment` texts. */
export interface Protocol {
  /** Such as `time split, a full horizon apart` or `held-out customers of the training origin (5 folds)`. */
  readonly split: string;
  readonly train_as_of: readonly string[];
  readonly calibrate_as_of: readonly string[];
  /** `later period`, or `held-out customers, not yet checked on a later period`. */
  readonly calibration: string;
  readonly test_as_of: readonly string[];
  readonly horizon_days: number;
  readonly candidates: string;
  readonly ties: string;
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  readonly examples: number;
  /** Examples with a positive outcome, or with a non-zero amount. */
  readonly positives: number;
  readonly seeds: readonly number[];
  /** Such as `bootstrap by user, 95 %, 1000 draws`. */
  readonly interval: string;
  /** Threshold behind `f1` and `accuracy`, when they are given. */
  readonly threshold?: number;
  readonly data_fingerprint: string;
}

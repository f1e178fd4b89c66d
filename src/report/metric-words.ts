// What each metric is called, what it means to a shop, in which direction it is better, and how its value reads.
import type { Unit } from '../core/frame.ts';
import { type Name, name } from '../core/name.ts';
import {
  type MetricName,
  type RankMetricKind,
  type RankMetricName,
  rankMetricOf,
  type Score,
} from '../eval/score.ts';
import type { Speech } from './speech.ts';

export interface MetricWords {
  readonly label: Name;
  /** One clause: what it measures. */
  readonly says: Name;
  readonly better: 'higher' | 'lower' | 'zero' | 'nominal';
  /** `task`: in the unit of the task. */
  readonly unit: 'score' | 'share' | 'task';
}

const row = (
  label: Name,
  better: MetricWords['better'],
  unit: MetricWords['unit'],
  says: Name,
): MetricWords => ({ label, says, better, unit });

const atK = (label: Name, says: Name): MetricWords => row(label, 'higher', 'score', says);

const recallAt = (k: number) =>
  atK(
    name(`Recall@${k}`, `召回率@${k}`),
    name(`How often the right item is among the first ${k}`, `正确商品出现在前 ${k} 名的比例`),
  );
const ndcgAt = (k: number) =>
  atK(
    name(`NDCG@${k}`, `归一化折损累计增益@${k}`),
    name(
      `How high the right item stands among the first ${k}`,
      `正确商品在前 ${k} 名中的位置，越靠前得分越高`,
    ),
  );
const mrrAt = (k: number) =>
  atK(
    name(`MRR@${k}`, `平均倒数排名@${k}`),
    name(`Mean of one over its rank within the first ${k}`, `前 ${k} 名内名次倒数的均值`),
  );

const METRIC_WORDS: Readonly<Record<Exclude<MetricName, RankMetricName>, MetricWords>> = {
  roc_auc: row(
    name('ROC AUC', 'ROC 曲线下面积'),
    'higher',
    'score',
    name(
      'Chance that one with the outcome is ranked above one without it; 0.5 is guessing',
      '有该结果者排在没有者之前的概率；0.5 等于随机猜测',
    ),
  ),
  average_precision: row(
    name('Average precision', '平均精确率'),
    'higher',
    'score',
    name(
      'Precision averaged down the ranking; guessing gives the share of positives',
      '沿排名累积的平均精确率；随机猜测等于正例占比',
    ),
  ),
  log_loss: row(
    name('Log loss', '对数损失'),
    'lower',
    'score',
    name(
      'Price of each probability in surprise; confident mistakes cost most',
      '概率的“意外”代价；越自信的错误代价越大',
    ),
  ),
  brier: row(
    name('Brier score', '布里尔分数'),
    'lower',
    'score',
    name('Mean squared distance of the probability from what happened', '概率与实际结果之差的平方均值'),
  ),
  ece: row(
    name('Calibration error (ECE)', '校准误差（ECE）'),
    'lower',
    'share',
    name('How far stated probabilities are from observed shares, on average', '所报概率与实际比例的平均差距'),
  ),
  f1: row(
    name('F1', 'F1 值'),
    'higher',
    'score',
    name('Balance of precision and recall at the stated threshold', '在所示阈值下精确率与召回率的平衡'),
  ),
  accuracy: row(
    name('Accuracy', '准确率'),
    'higher',
    'share',
    name('Share classified right at the stated threshold', '在所示阈值下判断正确的比例'),
  ),
  mae: row(
    name('Mean absolute error', '平均绝对误差'),
    'lower',
    'task',
    name('How far off a single prediction is, on average', '单个预测与实际的平均差距'),
  ),
  rmse: row(
    name('Root mean squared error', '均方根误差'),
    'lower',
    'task',
    name('The same, but large misses weigh more', '同为差距，但大的偏差权重更高'),
  ),
  wape: row(
    name('Weighted absolute error (WAPE)', '加权绝对百分比误差（WAPE）'),
    'lower',
    'share',
    name('Sum of absolute errors over the sum of what came', '绝对误差之和占实际总额的比例'),
  ),
  bias: row(
    name('Bias of the total', '总量偏差'),
    'zero',
    'share',
    name(
      'How far the predicted total is above or below the actual total',
      '预测总额高于或低于实际总额的比例',
    ),
  ),
  spearman: row(
    name('Rank correlation (Spearman)', '秩相关（Spearman）'),
    'higher',
    'score',
    name('Whether those predicted to spend more do spend more', '预测花费更高的客户是否确实花费更高'),
  ),
  norm_gini: row(
    name('Normalised Gini', '归一化基尼系数'),
    'higher',
    'score',
    name(
      'Quality of the ranking by money; 1 is a perfect ranking, 0 a random one',
      '按金额排序的质量；1 为完美排序，0 为随机',
    ),
  ),
  coverage: row(
    name('Interval coverage', '区间覆盖率'),
    'nominal',
    'share',
    name('Share of outcomes that fell inside the stated interval', '实际结果落在所报区间内的比例'),
  ),
};

const RANK_WORDS: Readonly<Record<RankMetricKind, (k: number) => MetricWords>> = {
  recall: recallAt,
  ndcg: ndcgAt,
  mrr: mrrAt,
};

export const metricWords = (metric: MetricName): MetricWords => {
  const rank = rankMetricOf(metric);
  return rank ? RANK_WORDS[rank.kind](rank.k) : METRIC_WORDS[metric as keyof typeof METRIC_WORDS];
};

/** A metric's value as it reads beside a task's unit: 0.739, 3.2%, £412. */
export function formatMetric(speech: Speech, metric: MetricName, value: number, unit: Unit): string {
  const words = metricWords(metric);
  if (words.better === 'zero') return speech.signed(value, (magnitude) => speech.share(magnitude));
  if (words.unit === 'task')
    return unit === 'money' ? speech.money(value) : speech.decimal(value, Math.abs(value) < 10 ? 3 : 1);
  return words.unit === 'share' ? speech.share(value) : speech.decimal(value, digitsOf(metric));
}

/** Large catalogues are hard: a good recall may be .0921 beside a published .0928. */
const digitsOf = (metric: MetricName): number => (rankMetricOf(metric) ? 4 : 3);

/** `low – high` of a score. */
export function formatInterval(speech: Speech, metric: MetricName, score: Score, unit: Unit): string {
  if (!Number.isFinite(score.low) || !Number.isFinite(score.high)) return '';
  return speech.range(
    formatMetric(speech, metric, score.low, unit),
    formatMetric(speech, metric, score.high, unit),
  );
}

/** A difference of two scores, with its sign; shares are told in percentage points. */
export function formatDifference(speech: Speech, metric: MetricName, value: number, unit: Unit): string {
  const words = metricWords(metric);
  return speech.signed(value, (magnitude) => {
    if (words.unit === 'share') return `${speech.decimal(magnitude * 100, 1)} ${speech.text('unit.points')}`;
    if (words.unit === 'task' && unit === 'money') return speech.money(magnitude);
    return speech.decimal(magnitude, digitsOf(metric));
  });
}

/** Whether a first value is better than a second one. */
export function isBetter(metric: MetricName, first: number, second: number): boolean {
  const { better } = metricWords(metric);
  if (better === 'zero') return Math.abs(first) < Math.abs(second);
  return better === 'lower' ? first < second : first > second;
}

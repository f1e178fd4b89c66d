// The made-up tasks: one that asks yes or no, one that asks how much.
import { type Name, name } from '../src/core/name.ts';
import type { Random } from '../src/core/random.ts';
import {
  decileTable,
  gainCurve,
  precisionRecallCurve,
  reliabilityCurve,
  rocCurve,
} from '../src/eval/curves.ts';
import type { MetricName, Scores } from '../src/eval/score.ts';
import type { TaskReport } from '../src/report/task-document.ts';
import { backtest, board, drivers, example } from './report-sample-parts.ts';
import {
  around,
  CUSTOMERS,
  eligibility,
  LABELS,
  LEAKAGE,
  LIMITS,
  PROTOCOL_WORDS,
  protocol,
  sigmoid,
  summaryOf,
  TITLES,
} from './report-sample-words.ts';

export function binaryTask(id: string, chance: Random): TaskReport {
  const predicted = Float64Array.from({ length: CUSTOMERS }, () => chance.beta(1.4, 1.5));
  const actual = Float64Array.from(predicted, (p) => (chance.uniform() < p * 0.94 + 0.02 ? 1 : 0));
  const other = Float64Array.from(predicted, (p) =>
    sigmoid(Math.log(p / (1 - p)) * 0.5 + 1.2 * chance.normal()),
  );
  const third = Float64Array.from(predicted, (p) =>
    sigmoid(Math.log(p / (1 - p)) * 0.4 + 1.8 * chance.normal()),
  );
  const positives = actual.reduce((sum, value) => sum + value, 0);
  const [model, recency, rate] = [predicted, other, third].map((p) => ({ actual, predicted: p }));
  const curve = (rows: typeof model, label: Name, role: 'model' | 'baseline') => ({
    label,
    role,
    roc: rocCurve(rows),
    precisionRecall: precisionRecallCurve(rows),
  });
  const scores: Scores = {
    roc_auc: around(0.764, 0.018),
    average_precision: around(0.742, 0.022),
    log_loss: around(0.574, 0.014),
    brier: around(0.197, 0.006),
    ece: { value: 0.021, low: 0.015, high: 0.039 },
    f1: around(0.694, 0.018),
    accuracy: around(0.695, 0.017),
  };
  const worse: Scores = {
    roc_auc: around(0.712, 0.02),
    average_precision: around(0.668, 0.024),
    log_loss: around(0.622, 0.012),
    brier: around(0.216, 0.005),
    ece: around(0.044, 0.012),
    f1: around(0.655, 0.019),
    accuracy: around(0.66, 0.018),
  };
  const order: MetricName[] = ['roc_auc', 'average_precision', 'log_loss', 'brier', 'ece', 'f1', 'accuracy'];
  const baselines = [
    { id: 'recency', label: LABELS.recency, scores: worse },
    { id: 'rate', label: LABELS.rate, scores: { ...worse, roc_auc: around(0.703, 0.02) } },
  ];
  return {
    id,
    title: TITLES[id].title,
    question: TITLES[id].question,
    kind: 'binary',
    unit: 'share',
    horizonDays: 90,
    modelVersion: 'v1',
    summary: summaryOf(id),
    eligibility,
    protocol: protocol(positives),
    protocolWords: PROTOCOL_WORDS,
    leaderboard: board(
      'roc_auc',
      ['logistic', 'ensemble', 'bg-nbd', 'tree', 'recency', 'rate'],
      [0.759, 0.757, 0.751, 0.728, 0.709, 0.701],
      0.019,
    ),
    metrics: { model: { id: 'logistic', label: LABELS.logistic, scores }, baselines, order },
    differences: {
      rows: [
        { metric: 'roc_auc', against: LABELS.recency, score: around(0.052, 0.013) },
        { metric: 'roc_auc', against: LABELS.rate, score: around(0.061, 0.015) },
        { metric: 'log_loss', against: LABELS.recency, score: around(-0.048, 0.011) },
        { metric: 'ece', against: LABELS.recency, score: around(-0.012, 0.019) },
      ],
    },
    reliability: { method: name('isotonic regression', '保序回归'), bins: reliabilityCurve(model) },
    ranking: {
      positiveShare: positives / CUSTOMERS,
      curves: [
        curve(model, LABELS.logistic, 'model'),
        curve(recency, LABELS.recency, 'baseline'),
        curve(rate, LABELS.rate, 'baseline'),
      ],
    },
    deciles: {
      overall: positives / CUSTOMERS,
      rows: decileTable(model).map((row) => ({
        ...row,
        low: Math.max(0, row.meanActual - 0.055),
        high: Math.min(1, row.meanActual + 0.055),
      })),
      gain: [
        { label: LABELS.logistic, role: 'model', points: gainCurve(model) },
        { label: LABELS.recency, role: 'baseline', points: gainCurve(recency) },
      ],
    },
    drivers: drivers(chance, 'roc_auc', 0.061),
    examples: {
      method: name('exact contributions of a linear model', '线性模型的精确贡献'),
      customers: [example('14646', 'logit', -0.1, 1), example('12748', 'logit', -0.6, 1)],
    },
    tiers: {
      rows: [
        {
          tier: 'high',
          customers: 562,
          from: 0.72,
          predicted: 0.83,
          actual: around(0.81, 0.03),
          shareOfActual: 0.34,
        },
        {
          tier: 'mid',
          customers: 843,
          from: 0.44,
          to: 0.72,
          predicted: 0.57,
          actual: around(0.55, 0.03),
          shareOfActual: 0.35,
        },
        {
          tier: 'low',
          customers: 1406,
          from: 0,
          to: 0.44,
          predicted: 0.25,
          actual: around(0.28, 0.02),
          shareOfActual: 0.31,
        },
      ],
    },
    backtest: backtest(chance, {
      metrics: ['roc_auc', 'log_loss', 'ece'],
      baseline: LABELS.recency,
      scores,
      worse,
    }),
    leakage: LEAKAGE,
    limits: LIMITS,
  };
}

export function amountTask(id: string, chance: Random): TaskReport {
  const predicted = Float64Array.from({ length: CUSTOMERS }, () => Math.exp(9.9 + 1.25 * chance.normal()));
  const actual = Float64Array.from(predicted, (p) =>
    chance.uniform() < 0.45
      ? 0
      : Math.round(
          p * 1.75 * Math.exp(0.75 * chance.normal() - 0.28) - (chance.uniform() < 0.02 ? p * 3 : 0),
        ),
  );
  const other = Float64Array.from(predicted, (p) => p * Math.exp(1.1 * chance.normal()));
  const rows = decileTable({ actual, predicted });
  const total = actual.reduce((sum, value) => sum + value, 0);
  const ranked = [...predicted.keys()].sort((a, b) => predicted[b] - predicted[a]);
  const byDecile = rows.map((_, d) => {
    const errors = ranked
      .slice(Math.floor((d * CUSTOMERS) / 10), Math.floor(((d + 1) * CUSTOMERS) / 10))
      .map((i) => predicted[i] - actual[i])
      .sort((a, b) => a - b);
    const at = (q: number) => errors[Math.floor(q * (errors.length - 1))];
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return {
      customers: errors.length,
      meanError: around(mean, Math.abs(mean) * 0.4 + 500),
      quantiles: [at(0.1), at(0.25), at(0.5), at(0.75), at(0.9)] as const,
    };
  });
  const scores: Scores = {
    mae: around(40_430, 4_510),
    rmse: around(191_200, 61_000),
    wape: around(0.61, 0.04),
    bias: { value: -0.083, low: -0.161, high: 0.004 },
    spearman: around(0.517, 0.027),
    norm_gini: around(0.741, 0.041),
    coverage: around(0.887, 0.012),
  };
  const worse: Scores = {
    mae: around(52_910, 6_020),
    rmse: around(233_000, 70_000),
    wape: around(0.79, 0.06),
    bias: { value: 0.212, low: 0.09, high: 0.34 },
    spearman: around(0.433, 0.03),
    norm_gini: around(0.655, 0.05),
  };
  return {
    id,
    title: TITLES[id].title,
    question: TITLES[id].question,
    kind: 'amount',
    unit: 'money',
    horizonDays: id === 'ltv' ? 365 : 90,
    modelVersion: 'v1',
    summary: summaryOf(id),
    eligibility,
    protocol: protocol(1348),
    protocolWords: PROTOCOL_WORDS,
    leaderboard: board(
      'mae',
      ['ensemble', 'elastic-net', 'gamma-gamma', 'tree', 'rate', 'last-period'],
      [40_100, 41_060, 42_230, 44_900, 51_200, 53_800],
      4_400,
    ),
    metrics: {
      model: { id: 'ensemble', label: LABELS.ensemble, scores },
      baselines: [{ id: 'last-period', label: LABELS['last-period'], scores: worse }],
      order: ['mae', 'norm_gini', 'spearman', 'wape', 'rmse', 'bias', 'coverage'],
    },
    differences: {
      rows: [
        { metric: 'mae', against: LABELS['last-period'], score: around(-12_480, 4_020) },
        { metric: 'norm_gini', against: LABELS['last-period'], score: around(0.086, 0.041) },
        { metric: 'bias', against: LABELS['last-period'], score: around(-0.129, 0.11) },
      ],
    },
    deciles: {
      overall: total / CUSTOMERS,
      rows: rows.map((row) => ({ ...row, low: row.meanActual * 0.82, high: row.meanActual * 1.2 })),
      gain: [
        { label: LABELS.ensemble, role: 'model', points: gainCurve({ actual, predicted }) },
        { label: LABELS['last-period'], role: 'baseline', points: gainCurve({ actual, predicted: other }) },
      ],
    },
    residuals: {
      customers: CUSTOMERS,
      points: Array.from({ length: 900 }, (_, i) => ({ predicted: predicted[i], actual: actual[i] })),
      byDecile,
    },
    coverage: {
      method: name('split conformal, scaled by predicted spread', '分割共形预测，按预测离散程度缩放'),
      checkedOn: name('the test period', '测试期'),
      nominal: 0.9,
      covered: around(0.887, 0.012),
      meanWidth: 162_300,
      byDecile: rows.map(({ count }) => ({
        customers: count,
        covered: around(0.865 + 0.05 * chance.uniform(), 0.035),
      })),
    },
    drivers: drivers(chance, 'mae', 9_800),
    examples: {
      method: name(
        'exact Shapley values over 11 feature groups, 64 background customers',
        '对 11 个特征组精确计算 Shapley 值，背景为 64 位客户',
      ),
      customers: [example('14646', 'log', 9.9, 361_200)],
    },
    tiers:
      id === 'ltv'
        ? { missing: name('no customer has been observed for 12 months', '尚无客户被观察满 12 个月') }
        : {
            rows: [
              {
                tier: 'high',
                customers: 562,
                from: 62_000,
                predicted: 141_000,
                actual: around(152_000, 18_000),
                shareOfActual: 0.71,
              },
              {
                tier: 'mid',
                customers: 843,
                from: 21_000,
                to: 62_000,
                predicted: 36_000,
                actual: around(33_500, 3_000),
                shareOfActual: 0.21,
              },
              {
                tier: 'low',
                customers: 1406,
                from: 0,
                to: 21_000,
                predicted: 9_900,
                actual: around(10_300, 1_300),
                shareOfActual: 0.08,
              },
            ],
          },
    backtest:
      id === 'ltv'
        ? undefined
        : backtest(chance, {
            metrics: ['mae', 'norm_gini', 'bias'],
            baseline: LABELS['last-period'],
            scores,
            worse,
          }),
    leakage: LEAKAGE,
    limits: LIMITS,
  };
}

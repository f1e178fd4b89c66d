// Parts both kinds of made-up tasks share: leaderboard, drivers, one explained customer, backtest.
import { type Name, name } from '../src/core/name.ts';
import type { Random } from '../src/core/random.ts';
import type { MetricName, Scores } from '../src/eval/score.ts';
import type { ExampleExplanation, LeaderboardRow, TaskReport } from '../src/report/task-document.ts';
import { around, FEATURES, LABELS, sigmoid } from './report-sample-words.ts';

export const board = (metric: MetricName, ids: readonly string[], values: readonly number[], by: number) => ({
  metric,
  measuredOn: name('held-out customers of the training moment (5 folds)', '训练时点的留出客户（5 折）'),
  rows: ids.map((id, i): LeaderboardRow => {
    const role = ['recency', 'rate', 'last-period'].includes(id) ? 'baseline' : 'model';
    return {
      id,
      label: LABELS[id],
      role,
      chosen: i === 0,
      score: around(values[i], by),
      bias: around(role === 'model' ? -0.02 * (i + 1) : 0.11 * (i - 2), 0.045),
      fitSeconds: role === 'baseline' ? 0.004 : 0.4 + 1.9 * i,
      predictMs: role === 'baseline' ? 0.3 : 4.1 + i,
    };
  }),
  refused: [
    {
      id: 'pareto-nbd',
      label: name('Pareto/NBD', 'Pareto/NBD 模型'),
      reason: name('the time limit of 60 s was reached before its turn', '轮到它之前已达 60 秒时限'),
    },
  ],
});

export function drivers(chance: Random, metric: MetricName, largest: number): TaskReport['drivers'] {
  return {
    metric,
    columns: 64,
    rows: FEATURES.map(([feature], i) => {
      const value = largest * 0.62 ** i * (0.85 + 0.3 * chance.uniform());
      return { feature, worse: around(value, largest * 0.06) };
    }),
  };
}

export function example(
  entity: string,
  link: 'logit' | 'log',
  base: number,
  actual: number,
): ExampleExplanation {
  const contributions = FEATURES.map(([feature, shown], i) => ({
    feature,
    shown,
    contribution: [0.92, 0.61, 0.44, -0.31, 0.22, -0.12, 0.09, 0.06, 0.05, -0.02][i],
  }));
  const margin = contributions.reduce((sum, { contribution }) => sum + contribution, base);
  const value = link === 'logit' ? sigmoid(margin) : Math.exp(margin);
  return {
    entity,
    value,
    ...(link === 'log' ? { low: value * 0.4, high: value * 2.3 } : {}),
    actual,
    link,
    base,
    contributions,
    words: [
      name('bought 3 days ago: raises it most', '3 天前刚购买：上调最多'),
      name('7 purchases in 90 days, more than 9 in 10 customers', '90 天内购买 7 次，多于九成客户'),
      name('usually waits 12 days between purchases: lowers it a little', '通常间隔 12 天购买：略微下调'),
    ],
  };
}

export interface BacktestShape {
  readonly metrics: readonly MetricName[];
  readonly baseline: Name;
  readonly scores: Scores;
  readonly worse: Scores;
}

export function backtest(
  chance: Random,
  { metrics, baseline, scores, worse }: BacktestShape,
): TaskReport['backtest'] {
  const shift = (from: Scores): Scores =>
    Object.fromEntries(
      metrics.map((metric) => {
        const { value, low, high } = from[metric] ?? around(0, 0);
        const by = (high - low) * 0.3 * chance.normal();
        return [
          metric,
          { value: value + by, low: low - (high - low) * 0.3 + by, high: high + (high - low) * 0.3 + by },
        ];
      }),
    );
  return {
    metrics,
    baseline,
    rows: ['2011-04-12', '2011-05-12', '2011-06-11', '2011-07-11', '2011-08-10'].map((asOf, i) => ({
      asOf,
      customers: 2_105 + 260 * i,
      positives: 720 + 61 * i,
      scores: shift(scores),
      baseline: shift(worse),
    })),
    pooled: { customers: 13_125, positives: 4_210, scores, baseline: worse },
  };
}

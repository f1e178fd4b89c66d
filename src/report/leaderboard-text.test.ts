// The terminal's view of a task: units, intervals and baselines stand beside every number.
import { expect, test } from 'vitest';
import { name } from '../core/name.ts';
import { leaderboardText, metricsText, topCustomersText } from './leaderboard-text.ts';
import type { Leaderboard, TestMetrics } from './task-document.ts';

const score = (value: number, low: number, high: number) => ({ value, low, high });

const board: Leaderboard = {
  metric: 'mae',
  measuredOn: name('held-out customers', '留出客户'),
  rows: [
    {
      id: 'elastic-net',
      label: name('Elastic net', '弹性网络'),
      role: 'model',
      chosen: true,
      score: score(61250, 57010, 65500),
      bias: score(-0.08, -0.12, -0.03),
      fitSeconds: 1.5,
    },
    {
      id: 'last-period',
      label: name('Last period', '上期'),
      role: 'baseline',
      chosen: false,
      score: score(7012.4, 6800, 7300),
      fitSeconds: 0.002,
    },
  ],
  refused: [{ id: 'bg-nbd', label: name('BG/NBD', 'BG/NBD 模型'), reason: 'needs purchase counts' }],
};

test('the leaderboard shows money in the currency, intervals, bias, time and refusals', () => {
  expect(leaderboardText(board, { language: 'en', currency: 'GBP', unit: 'money' })).toBe(
    [
      '   Model        Mean absolute error   95% interval   Bias  Fit time',
      '─  ───────────  ───────────────────  ─────────────  ─────  ────────  ────────',
      '●  elastic-net                 £613      £570–£655  −8.0%     1.5 s  chosen',
      '   last-period               £70.12  £68.00–£73.00      –      2 ms  baseline',
      '',
      'Not tried, and why',
      '  bg-nbd: needs purchase counts',
    ].join('\n'),
  );
});

test('prediction time per 1,000 and what a search found stand in the leaderboard', () => {
  const rows = board.rows.map((row, i) => ({
    ...row,
    ...(i === 0 ? { predictMs: 3.2, settings: { learningRate: 0.031249, leaves: 17, loss: 'tweedie' } } : {}),
  }));
  const lines = leaderboardText({ ...board, rows }, { language: 'en', currency: 'GBP', unit: 'money' }).split(
    '\n',
  );
  expect(lines[0]).toMatch(/Fit time +Predict, per 1,000/);
  expect(lines[2]).toMatch(/1\.5 s +3 ms +chosen$/);
  expect(lines[3]).toMatch(/2 ms +– +baseline$/);
  expect(lines.slice(5, 7)).toEqual([
    'Settings found by search',
    '  elastic-net: learningRate=0.0312, leaves=17, loss=tweedie',
  ]);
});

test('yen have no cents and Chinese heads keep the columns aligned', () => {
  const text = leaderboardText(board, { language: 'zh', currency: 'JPY', unit: 'money' });
  expect(text).toContain('¥61,250');
  expect(text).toContain('选用');
});

test('metrics without a score are left out, baselines stand beside the rest', () => {
  const metrics: TestMetrics = {
    model: {
      id: 'logistic',
      label: name('Logistic', '逻辑回归'),
      scores: { roc_auc: score(0.739, 0.72, 0.757) },
    },
    baselines: [
      { id: 'recency', label: name('Recency', '最近购买'), scores: { roc_auc: score(0.681, 0.66, 0.7) } },
    ],
    order: ['roc_auc', 'brier'],
  };
  const lines = metricsText(metrics, { language: 'en', currency: 'GBP', unit: 'share' }).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe('ROC AUC     0.739   0.720–0.757    0.681  ↑');
});

test('top customers carry their likely range and reasons', () => {
  const text = topCustomersText(
    [
      {
        id: '14646',
        value: 5123400,
        low: 3900000,
        high: 7000000,
        reasons: ['12 orders in 90 days', 'bought 3 days ago'],
      },
    ],
    { language: 'en', currency: 'GBP', unit: 'money' },
  );
  expect(text.split('\n')[2]).toBe(
    '1  14646       £51,234  £39,000–£70,000  12 orders in 90 days; bought 3 days ago',
  );
});

// A made-up but lifelike report, seeded, only for looking at the page: none of its numbers were measured.
import { type Name, name } from '../src/core/name.ts';
import { type Random, random } from '../src/core/random.ts';
import {
  decileTable,
  gainCurve,
  precisionRecallCurve,
  reliabilityCurve,
  rocCurve,
} from '../src/eval/curves.ts';
import type { MetricName, Protocol, Score, Scores } from '../src/eval/score.ts';
import type { Cohort, DataQuality, ReportDocument } from '../src/report/document.ts';
import type { ExampleExplanation, LeaderboardRow, TaskReport } from '../src/report/task-document.ts';

const CUSTOMERS = 2811;
const MONTHS = [
  '2010-12',
  '2011-01',
  '2011-02',
  '2011-03',
  '2011-04',
  '2011-05',
  '2011-06',
  '2011-07',
  '2011-08',
  '2011-09',
];

const around = (value: number, by: number): Score => ({ value, low: value - by, high: value + by });
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const LABELS: Readonly<Record<string, Name>> = {
  ensemble: name('Mean of all models', '全部模型平均'),
  logistic: name('Logistic regression', '逻辑回归'),
  'elastic-net': name('Elastic net', '弹性网络'),
  tree: name('Decision tree', '决策树'),
  'bg-nbd': name('BG/NBD customer base', 'BG/NBD 客户基础模型'),
  'gamma-gamma': name('BG/NBD + Gamma-Gamma', 'BG/NBD + Gamma-Gamma 模型'),
  recency: name('Days since the last purchase', '距上次购买天数'),
  rate: name('Purchase rate so far', '历史购买频率'),
  'last-period': name('Same as the last period', '与上期相同'),
};

/** @param seed any integer; the same seed gives the same document */
export function sampleReport(seed: number): ReportDocument {
  const chance = random(seed);
  return {
    format: 1,
    shop: 'Gift & Home Ltd',
    madeAt: '2011-09-10T08:30:00Z',
    language: 'en',
    currency: 'GBP',
    data: dataQuality(chance.fork('data')),
    cohorts: { cohorts: cohorts(chance.fork('cohorts')) },
    tasks: [
      binaryTask('purchase', chance.fork('purchase')),
      amountTask('spend', chance.fork('spend')),
      binaryTask('churn', chance.fork('churn')),
      amountTask('ltv', chance.fork('ltv')),
    ],
    reproduction: {
      command: 'foresell demo --seed 7 --threads 2 --workspace ./foresell-workspace',
      seed: 7,
      threads: 2,
      dataFingerprint: '5f1c6c2e0b0f4d7ea3c19d2f8f6e4b7c9a51d0e2',
      versions: [
        { name: 'foresell', version: '0.1.0' },
        { name: 'node', version: '20.20.2' },
        { name: 'duckdb', version: '1.5.6' },
      ],
      seconds: 87.3,
      facts: [{ label: name('Trials recorded in', '试验记录'), value: 'models/purchase/v1/trials.json' }],
    },
    attribution: name(
      'Data: UCI Online Retail (Chen, Sain and Guo 2012), CC BY 4.0.',
      '数据：UCI Online Retail（Chen、Sain、Guo，2012），CC BY 4.0 许可。',
    ),
  };
}

function dataQuality(chance: Random): DataQuality {
  return {
    rows: 334_054,
    accepted: 327_702,
    duplicates: 3_410,
    quarantined: [
      { code: 'zero_price', reason: name('price is zero', '价格为零'), rows: 1_872 },
      {
        code: 'not_a_product',
        reason: name('postage and fees, not a product', '邮费等非商品行'),
        rows: 1_042,
      },
      { code: 'bad_timestamp', reason: name('date cannot be read', '日期无法识别'), rows: 28 },
    ],
    customers: 3_315,
    items: 3_684,
    orders: 17_410,
    anonymousShare: 0.2493,
    firstEvent: '2010-12-01T08:26:00Z',
    lastEvent: '2011-09-09T17:52:00Z',
    timeZone: 'Europe/London',
    gaps: [
      { firstDay: '2010-12-24', lastDay: '2011-01-03', days: 11 },
      { firstDay: '2011-04-22', lastDay: '2011-04-25', days: 4 },
      { firstDay: '2011-04-29', lastDay: '2011-05-02', days: 4 },
      { firstDay: '2011-05-28', lastDay: '2011-05-30', days: 3 },
    ],
    months: MONTHS.map((month, i) => ({
      month,
      events: Math.round((25_000 + 9_000 * chance.uniform()) * (month === '2011-09' ? 0.4 : 1)),
      customers: Math.round(760 + 260 * chance.uniform()),
      netRevenueMinor: Math.round((52_000_000 + 19_000_000 * chance.uniform()) * (i === 9 ? 0.4 : 1)),
      partial: month === '2011-09' ? true : undefined,
    })),
    findings: [
      {
        severity: 'warning',
        words: name(
          'A quarter of the rows name no customer. They count in totals but cannot be predicted for.',
          '四分之一的行没有客户标识：计入总量，但无法对其预测。',
        ),
      },
      {
        severity: 'note',
        words: name(
          'There are only 282 days: no yearly season can be learned from them.',
          '数据仅 282 天，无法学习年度季节性。',
        ),
      },
      {
        severity: 'good',
        words: name('One currency, one calendar, no future dates.', '币种与日历一致，没有未来日期。'),
      },
    ],
  };
}

function cohorts(chance: Random): Cohort[] {
  return MONTHS.slice(0, 9).map((month, start) => {
    const size = Math.round((start === 0 ? 780 : 330) - 18 * start + 40 * chance.uniform());
    const retained = [1];
    const value = [38_000 + 9_000 * chance.uniform()];
    for (let k = 1; k < 9 - start; k++) {
      retained.push((start === 0 ? 0.36 : 0.22) + 0.05 * chance.normal() * 0.6 - 0.004 * k);
      value.push(value[k - 1] + (start === 0 ? 17_000 : 8_500) * (0.7 + 0.6 * chance.uniform()));
    }
    return { month, customers: size, retained, cumulativeRevenueMinor: value };
  });
}

const protocol = (positives: number): Protocol => ({
  split: 'time split, a full horizon apart',
  train_as_of: ['2011-03-13'],
  calibrate_as_of: ['2011-03-13'],
  calibration: 'held-out customers (5 folds), not yet checked on a later period',
  test_as_of: ['2011-06-11'],
  horizon_days: 90,
  candidates: 'every customer known by the moment',
  ties: 'counted against us',
  users: CUSTOMERS,
  items: 3_684,
  interactions: 327_702,
  examples: CUSTOMERS,
  positives,
  seeds: [7],
  interval: 'bootstrap by customer, 95 %, 1000 draws',
  data_fingerprint: '5f1c6c2e0b0f4d7e',
});

const PROTOCOL_WORDS: TaskReport['protocolWords'] = {
  split: name('time split, a full horizon apart', '按时间切分，训练与测试相隔一个完整预测期'),
  calibration: name(
    'held-out customers (5 folds), not yet checked on a later period',
    '留出客户（5 折），尚未在更晚时期检验',
  ),
  candidates: name('every customer known by the moment', '该时点之前的所有已知客户'),
  ties: name('counted against us', '并列按不利情况计'),
  interval: name('bootstrap by customer, 95%, 1,000 draws', '按客户自助抽样 1,000 次，95%'),
};

const board = (metric: MetricName, ids: readonly string[], values: readonly number[], by: number) => ({
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

const FEATURES: readonly (readonly [Name, Name])[] = [
  [name('Days since the last purchase', '距上次购买天数'), name('3 days', '3 天')],
  [name('Purchases in the last 90 days', '近 90 天购买次数'), name('7', '7 次')],
  [name('Net revenue in the last 90 days', '近 90 天净收入'), name('£1,840', '£1,840')],
  [name('Days between purchases, mean', '平均购买间隔'), name('12.4 days', '12.4 天')],
  [name('Customer for', '成为客户时长'), name('187 days', '187 天')],
  [name('Share of returns', '退货比例'), name('2%', '2%')],
  [name('Different products in the last 180 days', '近 180 天不同商品数'), name('84', '84 种')],
  [name('Mean basket', '平均客单价'), name('£263', '£263')],
  [name('Trend of purchases', '购买趋势'), name('rising', '上升')],
  [name('Country', '国家'), name('United Kingdom', '英国')],
];

function drivers(chance: Random, metric: MetricName, largest: number): TaskReport['drivers'] {
  return {
    metric,
    columns: 64,
    rows: FEATURES.map(([feature], i) => {
      const value = largest * 0.62 ** i * (0.85 + 0.3 * chance.uniform());
      return { feature, worse: around(value, largest * 0.06) };
    }),
  };
}

function example(entity: string, link: 'logit' | 'log', base: number, actual: number): ExampleExplanation {
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

const LEAKAGE: TaskReport['leakage'] = {
  checks: [
    {
      id: 'after-as-of',
      severity: 'good',
      words: name(
        'Adding events after the moment changes no feature (200 customers tried).',
        '加入时点之后的事件不改变任何特征（抽查 200 位客户）。',
      ),
    },
    {
      id: 'duplicate-rows',
      severity: 'good',
      words: name('No row stands on both sides of the split.', '切分两侧没有相同的行。'),
    },
    {
      id: 'target-proxy',
      severity: 'warning',
      words: name(
        'One column alone reaches 96% of the score: days since the last purchase. Plausible here; look at it all the same.',
        '仅“距上次购买天数”一列就达到 96% 的得分。此处合理，但仍建议查看。',
      ),
    },
  ],
};

const LIMITS = [
  name(
    '282 days hold no second Christmas: what the season does to these numbers is not known.',
    '282 天不含第二个圣诞季：季节对这些数字的影响未知。',
  ),
  name('Customers without an id are not predicted for.', '没有标识的客户无法预测。'),
  name(
    'It tells who is likely to buy, not whom a campaign would persuade.',
    '它说明谁可能购买，而非营销能说服谁。',
  ),
];

const eligibility: TaskReport['eligibility'] = {
  verdict: 'weak',
  checks: [
    { words: name('3,315 customers (at least 200 needed)', '3,315 位客户（至少需要 200）'), passed: true },
    {
      words: name('1,348 outcomes in the test (at least 50)', '测试中 1,348 个结果（至少 50）'),
      passed: true,
    },
    {
      words: name(
        '282 days of history: three horizons of 90 days would be 270',
        '历史 282 天：三个 90 天预测期需 270 天',
      ),
      passed: true,
    },
    {
      words: name(
        'No separate period for calibration: held-out customers stand in',
        '没有独立的校准时期：以留出客户代替',
      ),
      passed: false,
    },
  ],
};

const TITLES: Readonly<Record<string, { title: Name; question: Name; predicted: Name; advice: Name }>> = {
  purchase: {
    title: name('Purchase', '购买'),
    question: name('Who will buy in the next 90 days?', '未来 90 天谁会购买？'),
    predicted: name('Probability of at least one purchase within 90 days.', '90 天内至少购买一次的概率。'),
    advice: name(
      'Spend reminders on the middle tenths: the top ones buy anyway.',
      '把提醒用在中间各组：最高组本来就会购买。',
    ),
  },
  churn: {
    title: name('Churn', '流失'),
    question: name('Who will stay away for the next 90 days?', '未来 90 天谁不会再来？'),
    predicted: name(
      'Probability of no purchase within 90 days, among customers active in the last 180.',
      '近 180 天活跃客户在 90 天内不再购买的概率。',
    ),
    advice: name(
      'Win back customers of high value before their risk passes one half.',
      '在流失风险过半之前挽回高价值客户。',
    ),
  },
  spend: {
    title: name('Spend', '消费额'),
    question: name('How much will each customer spend in the next 90 days?', '未来 90 天每位客户会花多少？'),
    predicted: name('Net revenue within 90 days, refunds taken off.', '90 天内净收入（扣除退款）。'),
    advice: name(
      'Plan with totals and tenths, not with single amounts.',
      '按总量和分组做计划，而非单个金额。',
    ),
  },
  ltv: {
    title: name('Lifetime value', '生命周期价值'),
    question: name('What is each customer worth over the next 12 months?', '未来 12 个月每位客户价值多少？'),
    predicted: name(
      'Net revenue of 12 months, discounted at 10% a year; validated over 90 days.',
      '12 个月净收入，按年 10% 折现；以 90 天验证。',
    ),
    advice: name('Cap what you pay to win a customer by the tier’s value.', '以层级价值为获客成本设上限。'),
  },
};

const summaryOf = (id: string): TaskReport['summary'] => ({
  predicted: TITLES[id].predicted,
  population: name(
    'Every customer who had bought by 11 June 2011.',
    '截至 2011 年 6 月 11 日有过购买的所有客户。',
  ),
  customers: CUSTOMERS,
  advice: [TITLES[id].advice, name('Predict again every week; numbers age.', '每周重新预测，数字会过时。')],
});

function binaryTask(id: string, chance: Random): TaskReport {
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

function amountTask(id: string, chance: Random): TaskReport {
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

interface BacktestShape {
  readonly metrics: readonly MetricName[];
  readonly baseline: Name;
  readonly scores: Scores;
  readonly worse: Scores;
}

function backtest(
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

// Words and fixed parts of the made-up report.
import { type Name, name } from '../src/core/name.ts';
import type { Protocol, Score } from '../src/eval/score.ts';
import type { TaskReport } from '../src/report/task-document.ts';

export const CUSTOMERS = 2811;

export const around = (value: number, by: number): Score => ({ value, low: value - by, high: value + by });
export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const LABELS: Readonly<Record<string, Name>> = {
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

export const FEATURES: readonly (readonly [Name, Name])[] = [
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

export const LEAKAGE: TaskReport['leakage'] = {
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

export const LIMITS = [
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

export const eligibility: TaskReport['eligibility'] = {
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

export const TITLES: Readonly<
  Record<string, { title: Name; question: Name; predicted: Name; advice: Name }>
> = {
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

export const protocol = (positives: number): Protocol => ({
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

export const PROTOCOL_WORDS: TaskReport['protocolWords'] = {
  split: name('time split, a full horizon apart', '按时间切分，训练与测试相隔一个完整预测期'),
  calibration: name(
    'held-out customers (5 folds), not yet checked on a later period',
    '留出客户（5 折），尚未在更晚时期检验',
  ),
  candidates: name('every customer known by the moment', '该时点之前的所有已知客户'),
  ties: name('counted against us', '并列按不利情况计'),
  interval: name('bootstrap by customer, 95%, 1,000 draws', '按客户自助抽样 1,000 次，95%'),
};

export const summaryOf = (id: string): TaskReport['summary'] => ({
  predicted: TITLES[id].predicted,
  population: name(
    'Every customer who had bought by 11 June 2011.',
    '截至 2011 年 6 月 11 日有过购买的所有客户。',
  ),
  customers: CUSTOMERS,
  advice: [TITLES[id].advice, name('Predict again every week; numbers age.', '每周重新预测，数字会过时。')],
});

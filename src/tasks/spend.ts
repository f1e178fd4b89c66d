// How much will this customer spend?
import { name } from '../core/name.ts';
import { everyoneKnown, willSpend } from '../data/labels.ts';
import { AMOUNT_METRICS_ORDER, AMOUNT_RECIPE } from './recipes.ts';
import type { Task } from './task.ts';

/** Net money (purchases less refunds) in `(asOf, asOf + horizon]`, for everyone known by `asOf`; tiers high / mid / low. */
export const spend: Task = {
  name: 'spend',
  label: name('Spend', '消费额'),
  question: name(
    'How much will this customer spend, net of refunds, in the next {horizon} days?',
    '该客户在未来 {horizon} 天内的净消费额（扣除退款）是多少？',
  ),
  about: name('everyone known to the shop', '店铺已知的所有客户'),
  entity: 'user',
  kind: 'amount',
  outcome: 'revenue',
  population: everyoneKnown,
  target: willSpend(),
  horizonDays: 30,
  metrics: AMOUNT_METRICS_ORDER,
  recipe: AMOUNT_RECIPE,
  extrapolates: false,
  advice: [
    name(
      'Spend attention by tier: the tier table shows what share of the money each one brought.',
      '按分层分配资源：分层表显示各层贡献的金额占比。',
    ),
    name(
      'One customer’s amount is uncertain: use its interval; sums over many customers are much surer.',
      '单个客户的金额不确定性较大：请参考其区间；多人合计则可靠得多。',
    ),
  ],
  limits: [
    name(
      'A sale or a season unlike anything in the history moves the level of all amounts.',
      '历史中未出现过的促销或季节会整体改变金额水平。',
    ),
  ],
};

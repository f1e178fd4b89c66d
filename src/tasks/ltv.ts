// What is this customer worth?
import { name } from '../core/name.ts';
import { everyoneKnown, willSpend } from '../data/labels.ts';
import { AMOUNT_METRICS_ORDER, AMOUNT_RECIPE } from './recipes.ts';
import type { Task } from './task.ts';

/** Yearly rate at which money to come is discounted. */
export const LTV_DISCOUNT_PER_YEAR = 0.1;

/** Net money of the next twelve months, discounted, for everyone known by `asOf`. */
export const ltv: Task = {
  name: 'ltv',
  label: name('Lifetime value', '客户价值'),
  question: name(
    'What will this customer bring, net of refunds and discounted at 10 % a year, in the next {horizon} days?',
    '该客户在未来 {horizon} 天内带来的净收入（扣除退款，按年 10 % 折现）是多少？',
  ),
  about: name('everyone known to the shop', '店铺已知的所有客户'),
  entity: 'user',
  kind: 'amount',
  outcome: 'revenue',
  population: everyoneKnown,
  target: willSpend(LTV_DISCOUNT_PER_YEAR),
  horizonDays: 365,
  metrics: AMOUNT_METRICS_ORDER,
  recipe: AMOUNT_RECIPE,
  extrapolates: true,
  advice: [
    name(
      'Set what may be spent to keep a customer below the low end of the interval, not below the value itself.',
      '维系成本应低于区间下限，而不是低于预测值本身。',
    ),
  ],
  limits: [
    name(
      'Revenue is not profit: margins and costs of service are not in the data.',
      '收入不等于利润：数据中不含毛利与服务成本。',
    ),
  ],
};

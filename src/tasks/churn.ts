// Will this customer stay away?
import { name } from '../core/name.ts';
import { boughtWithin, willLeave } from '../data/labels.ts';
import { PROBABILITY_METRICS, PROBABILITY_RECIPE } from './recipes.ts';
import type { Task } from './task.ts';

/** P(no purchase in `(asOf, asOf + horizon]`), for customers with a purchase in the 180 days up to `asOf`; not P(alive). */
export const churn: Task = {
  name: 'churn',
  label: name('Churn', '流失'),
  question: name(
    'Will this customer stay away for the next {horizon} days?',
    '该客户在未来 {horizon} 天内会不再购买吗？',
  ),
  about: name('customers who bought in the last 180 days', '最近 180 天内购买过的客户'),
  entity: 'user',
  kind: 'binary',
  outcome: 'leaves',
  population: boughtWithin(180),
  target: willLeave,
  horizonDays: 90,
  metrics: PROBABILITY_METRICS,
  recipe: PROBABILITY_RECIPE,
  extrapolates: false,
  advice: [
    name(
      'Look at valuable customers with a high chance of leaving: join this file with the ltv file by user_id.',
      '关注流失概率高的高价值客户：按 user_id 将本文件与 ltv 文件合并。',
    ),
    name(
      'Staying away for the horizon is not leaving for ever: slow buyers come back later.',
      '预测期内不购买不等于永久流失：购买节奏慢的客户之后仍会回来。',
    ),
  ],
  limits: [
    name(
      'Customers whose last purchase is older than 180 days are not asked about: they have left already by this definition.',
      '最近一次购买早于 180 天的客户不在其内：按此定义他们已经流失。',
    ),
  ],
};

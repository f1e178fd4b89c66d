// Will this customer buy?
import { name } from '../core/name.ts';
import { everyoneKnown, willBuy } from '../data/labels.ts';
import { PROBABILITY_METRICS, PROBABILITY_RECIPE } from './recipes.ts';
import type { Task } from './task.ts';

/** P(at least one purchase in `(asOf, asOf + horizon]`), for everyone of whom any event was known by `asOf`. */
export const purchase: Task = {
  name: 'purchase',
  label: name('Purchase', '购买'),
  question: name(
    'Will this customer buy in the next {horizon} days?',
    '该客户在未来 {horizon} 天内会购买吗？',
  ),
  about: name('everyone known to the shop', '店铺已知的所有客户'),
  entity: 'user',
  kind: 'binary',
  outcome: 'buys',
  population: everyoneKnown,
  target: willBuy,
  horizonDays: 30,
  metrics: PROBABILITY_METRICS,
  recipe: PROBABILITY_RECIPE,
  extrapolates: false,
  advice: [
    name(
      'Write to the high tier first: the lift table shows how much of all buying it holds.',
      '优先触达高分层：提升度表显示其占全部购买的比例。',
    ),
    name(
      'A probability is a forecast, not an effect: it does not say that a message would change it.',
      '概率是预测而非效果：它并不说明触达会改变结果。',
    ),
  ],
  limits: [
    name(
      'A customer never seen before the moment of prediction is not in the list.',
      '预测时点之前从未出现的客户不在名单中。',
    ),
  ],
};

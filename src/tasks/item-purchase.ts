// Will this customer buy this item?
import { name } from '../core/name.ts';
import { DAY_MS } from '../core/time.ts';
import { willBuy } from '../data/labels.ts';
import { ITEM_BASELINES, MOMENT_RECIPE, PROBABILITY_METRICS } from './recipes.ts';
import type { Task } from './task.ts';

/** How long an item touched stays in question. */
const CANDIDATE_DAYS = 14;

/**
 * P(this customer buys this item in `(asOf, asOf + horizon]`), for the items a customer viewed, carted, wished for or bought
 * in the last 14 days.
 */
export const itemPurchase: Task = {
  name: 'item-purchase',
  label: name('Purchase of an item', '商品购买'),
  question: name(
    'Will this customer buy this item in the next {horizon} days?',
    '该客户在未来 {horizon} 天内会购买该商品吗？',
  ),
  about: name(
    `customers and the items they touched in the last ${CANDIDATE_DAYS} days`,
    `客户及其最近 ${CANDIDATE_DAYS} 天接触过的商品`,
  ),
  entity: 'user_item',
  kind: 'binary',
  outcome: 'other',
  population: {
    filter: { types: ['view', 'click', 'add_to_cart', 'begin_checkout', 'wishlist', 'purchase'] },
    lookbackMs: CANDIDATE_DAYS * DAY_MS,
  },
  target: willBuy,
  horizonDays: 7,
  shorterDays: [5, 3, 2, 1],
  metrics: PROBABILITY_METRICS,
  recipe: MOMENT_RECIPE,
  baselines: ITEM_BASELINES,
  extrapolates: false,
  advice: [
    name(
      'Remind of the items with the best chances; `--top 5` writes each customer’s five best.',
      '提醒概率最高的商品；`--top 5` 输出每位客户最可能购买的五件。',
    ),
    name(
      'A high chance is often a purchase that happens anyway: test reminders against no reminder.',
      '高概率往往意味着本来就会购买：应对比提醒与不提醒的效果。',
    ),
  ],
  limits: [
    name(
      'Items the customer has not touched in that time are not asked about: what somebody may discover is the question of next-item models.',
      '未接触过的商品不在其内：客户可能发现的新商品由下一商品模型回答。',
    ),
  ],
};

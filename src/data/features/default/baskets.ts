// The default view's features of baskets: what is bought, what comes back, and at what price.
import { name } from '../../../core/name.ts';
import { DAY_MS } from '../../../core/time.ts';
import type { EventFilter, FeatureDefinition } from '../definition.ts';

const BOUGHT: EventFilter = { types: ['purchase'] };
const RETURNED: EventFilter = { types: ['refund'] };
const DISCOUNTED: EventFilter = {
  types: ['purchase'],
  where: [{ field: 'discount', is: 'more', value: 0 }],
};
const WEEKEND: EventFilter = { types: ['purchase'], where: [{ field: 'weekday', is: 'at_least', value: 5 }] };

const days = (count: number): number => count * DAY_MS;

/** What lies in the baskets. */
export function basketFeatures(): FeatureDefinition[] {
  const allOrders = { op: 'distinct', field: 'order', filter: BOUGHT } as const;
  return [
    {
      name: 'lines_per_order',
      label: name('Different lines per order', '每单商品行数'),
      unit: 'count',
      group: 'basket',
      rule: { kind: 'ratio', above: { op: 'count', filter: BOUGHT }, below: allOrders },
    },
    {
      name: 'pieces_per_order',
      label: name('Pieces per order', '每单件数'),
      unit: 'count',
      group: 'basket',
      rule: { kind: 'ratio', above: { op: 'sum', field: 'quantity', filter: BOUGHT }, below: allOrders },
    },
    {
      name: 'order_value',
      label: name('Average order value', '平均订单金额'),
      unit: 'money',
      group: 'basket',
      rule: { kind: 'ratio', above: { op: 'sum', field: 'value', filter: BOUGHT }, below: allOrders },
    },
    {
      name: 'order_value_90d',
      label: name('Average order value in 90 days', '90 天内平均订单金额'),
      unit: 'money',
      group: 'basket',
      rule: {
        kind: 'ratio',
        above: { op: 'sum', field: 'value', filter: BOUGHT, lookbackMs: days(90) },
        below: { ...allOrders, lookbackMs: days(90) },
      },
    },
    {
      name: 'mean_price',
      label: name('Average price of a piece bought', '所购商品平均单价'),
      unit: 'money',
      group: 'basket',
      rule: { kind: 'mean', field: 'price', filter: BOUGHT },
    },
    {
      name: 'largest_line',
      label: name('Largest single line bought', '最大单行消费'),
      unit: 'money',
      group: 'basket',
      rule: { kind: 'max', field: 'value', filter: BOUGHT },
    },
    {
      name: 'weekend_share',
      label: name('Share of lines bought at weekends', '周末购买占比'),
      unit: 'share',
      group: 'rhythm',
      rule: {
        kind: 'ratio',
        above: { op: 'count', filter: WEEKEND },
        below: { op: 'count', filter: BOUGHT },
      },
    },
  ];
}

/** Breadth of what was bought. */
export function rangeFeatures(): FeatureDefinition[] {
  const distinct = (
    featureName: string,
    label: FeatureDefinition['label'],
    field: string,
    lookbackMs?: number,
  ): FeatureDefinition => ({
    name: featureName,
    label,
    unit: 'count',
    group: 'category',
    rule: { kind: 'distinct', field, filter: BOUGHT, lookbackMs },
  });
  return [
    distinct('items_bought', name('Different products bought', '购买过的商品种数'), 'item_id'),
    distinct(
      'items_bought_90d',
      name('Different products bought in 90 days', '90 天内购买的商品种数'),
      'item_id',
      days(90),
    ),
    {
      name: 'repeat_item_lines',
      label: name('Lines per different product', '每种商品的购买行数'),
      unit: 'count',
      group: 'category',
      rule: {
        kind: 'ratio',
        above: { op: 'count', filter: BOUGHT },
        below: { op: 'distinct', field: 'item_id', filter: BOUGHT },
      },
    },
    distinct('categories_bought', name('Different categories bought', '购买过的品类数'), 'category'),
    distinct(
      'categories_bought_90d',
      name('Different categories bought in 90 days', '90 天内购买的品类数'),
      'category',
      days(90),
    ),
    distinct('brands_bought', name('Different brands bought', '购买过的品牌数'), 'brand'),
    {
      name: 'last_category',
      label: name('Category of the last purchase', '最近一次购买的品类'),
      unit: 'none',
      group: 'category',
      rule: { kind: 'last', field: 'category', filter: BOUGHT },
    },
  ];
}

/** Returns, and prices against the catalogue's. */
export function returnFeatures(): FeatureDefinition[] {
  return [
    {
      name: 'refund_lines',
      label: name('Lines returned', '退货行数'),
      unit: 'count',
      group: 'returns',
      rule: { kind: 'count', filter: RETURNED },
    },
    {
      name: 'refund_value',
      label: name('Money refunded', '退款金额'),
      unit: 'money',
      group: 'returns',
      rule: { kind: 'sum', field: 'value', filter: RETURNED },
    },
    {
      name: 'refund_value_90d',
      label: name('Money refunded in 90 days', '90 天内退款金额'),
      unit: 'money',
      group: 'returns',
      rule: { kind: 'sum', field: 'value', filter: RETURNED, lookbackMs: days(90) },
    },
    {
      name: 'refund_share',
      label: name('Refunds per money spent', '退款占消费比例'),
      unit: 'share',
      group: 'returns',
      rule: {
        kind: 'ratio',
        above: { op: 'sum', field: 'value', filter: RETURNED },
        below: { op: 'sum', field: 'value', filter: BOUGHT },
      },
    },
    {
      name: 'days_since_refund',
      label: name('Days since the last return', '距上次退货的天数'),
      unit: 'days',
      group: 'returns',
      rule: { kind: 'recency', clock: 'calendar', filter: RETURNED },
    },
    {
      name: 'paid_share',
      label: name('Money paid per catalogue price', '实付与目录价之比'),
      unit: 'share',
      group: 'discount',
      rule: {
        kind: 'ratio',
        above: { op: 'sum', field: 'paid_value', filter: BOUGHT },
        below: { op: 'sum', field: 'list_value', filter: BOUGHT },
      },
    },
    {
      name: 'discounted_share',
      label: name('Share of lines bought below catalogue price', '低于目录价购买的占比'),
      unit: 'share',
      group: 'discount',
      rule: {
        kind: 'ratio',
        above: { op: 'count', filter: DISCOUNTED },
        below: { op: 'count', filter: BOUGHT },
      },
    },
    {
      name: 'saved_90d',
      label: name('Saved against catalogue price in 90 days', '90 天内较目录价节省'),
      unit: 'money',
      group: 'discount',
      rule: { kind: 'sum', field: 'discount', filter: BOUGHT, lookbackMs: days(90) },
    },
  ];
}

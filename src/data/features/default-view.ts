// The view a shop starts with: how recently, how often, how much, in what rhythm, and what surrounds the buying.
import { name } from '../../core/name.ts';
import { DAY_MS } from '../../core/time.ts';
import { browsingFeatures } from './default-browsing.ts';
import type { EventFilter, FeatureDefinition, FeatureView, HistoryRule } from './definition.ts';

const BOUGHT: EventFilter = { types: ['purchase'] };
const RETURNED: EventFilter = { types: ['refund'] };
const MONEY: EventFilter = { types: ['purchase', 'refund'] };
const DISCOUNTED: EventFilter = {
  types: ['purchase'],
  where: [{ field: 'discount', is: 'more', value: 0 }],
};
const WEEKEND: EventFilter = { types: ['purchase'], where: [{ field: 'weekday', is: 'at_least', value: 5 }] };

const LOOKBACK_DAYS = [7, 30, 90, 180, 365] as const;

const days = (count: number): number => count * DAY_MS;

/** Fader and Hardie's columns: what customer-base models read. */
function historyFeatures(): FeatureDefinition[] {
  const history = (measure: HistoryRule['measure']) =>
    ({ kind: 'history', measure, filter: BOUGHT }) as const;
  return [
    {
      name: 'frequency',
      label: name('Days with a purchase after the first', '首购日之后的购买天数'),
      unit: 'count',
      group: 'frequency',
      rule: history('frequency'),
    },
    {
      name: 'recency',
      label: name('Days from first to last purchase', '首购到末购的天数'),
      unit: 'days',
      group: 'recency',
      rule: history('recency'),
    },
    {
      name: 'T',
      label: name('Days since the first purchase', '距首次购买的天数'),
      unit: 'days',
      group: 'tenure',
      rule: history('T'),
    },
    {
      name: 'monetary',
      label: name('Average spend on a repeat purchase day', '复购日平均消费'),
      unit: 'money',
      group: 'monetary',
      rule: history('monetary'),
    },
    {
      name: 'first_value',
      label: name('Spend on the first purchase day', '首购日消费'),
      unit: 'money',
      group: 'monetary',
      rule: history('first_value'),
    },
    {
      name: 'days_since_purchase',
      label: name('Days since the last purchase', '距上次购买的天数'),
      unit: 'days',
      group: 'recency',
      rule: { kind: 'recency', clock: 'calendar', filter: BOUGHT },
    },
  ];
}

/** Orders and net money over the horizon's own length and over the usual look-backs. */
function windowFeatures(horizonDays: number): FeatureDefinition[] {
  const orders = (
    featureName: string,
    label: FeatureDefinition['label'],
    lookbackMs?: number,
  ): FeatureDefinition => ({
    name: featureName,
    label,
    unit: 'count',
    group: 'frequency',
    rule: { kind: 'distinct', field: 'order', filter: BOUGHT, lookbackMs },
  });
  const revenue = (
    featureName: string,
    label: FeatureDefinition['label'],
    lookbackMs?: number,
  ): FeatureDefinition => ({
    name: featureName,
    label,
    unit: 'money',
    group: 'monetary',
    rule: { kind: 'sum', field: 'net_value', filter: MONEY, lookbackMs },
  });
  return [
    orders(
      'purchases_last_horizon',
      name(`Orders in the last ${horizonDays} days`, `最近 ${horizonDays} 天的订单数`),
      days(horizonDays),
    ),
    revenue(
      'revenue_last_horizon',
      name(`Net spend in the last ${horizonDays} days`, `最近 ${horizonDays} 天的净消费`),
      days(horizonDays),
    ),
    orders('orders', name('Orders so far', '累计订单数')),
    ...LOOKBACK_DAYS.map((n) =>
      orders(`orders_${n}d`, name(`Orders in ${n} days`, `${n} 天内订单数`), days(n)),
    ),
    revenue('revenue', name('Net spend so far', '累计净消费')),
    ...LOOKBACK_DAYS.map((n) =>
      revenue(`revenue_${n}d`, name(`Net spend in ${n} days`, `${n} 天内净消费`), days(n)),
    ),
  ];
}

/** Rhythm and trend. */
function rhythmFeatures(): FeatureDefinition[] {
  const rhythm = (
    featureName: string,
    label: FeatureDefinition['label'],
    measure: 'mean_gap' | 'std_gap' | 'overdue',
  ) =>
    ({
      name: featureName,
      label,
      unit: measure === 'overdue' ? 'score' : 'days',
      group: 'rhythm',
      rule: { kind: 'rhythm', measure, filter: BOUGHT },
    }) as const;
  return [
    rhythm('mean_gap', name('Average days between purchases', '平均购买间隔天数'), 'mean_gap'),
    rhythm('std_gap', name('Spread of days between purchases', '购买间隔的波动'), 'std_gap'),
    rhythm('overdue', name('Silence against the usual gap', '沉默时长与平均间隔之比'), 'overdue'),
    ...[30, 90].map(
      (n): FeatureDefinition => ({
        name: `orders_trend_${n}d`,
        label: name(`Orders, last ${n} days against the ${n} before`, `近 ${n} 天与前 ${n} 天订单之比`),
        unit: 'score',
        group: 'trend',
        rule: { kind: 'trend', of: { op: 'distinct', field: 'order', filter: BOUGHT }, spanMs: days(n) },
      }),
    ),
    ...[30, 90].map(
      (n): FeatureDefinition => ({
        name: `revenue_trend_${n}d`,
        label: name(`Spend, last ${n} days against the ${n} before`, `近 ${n} 天与前 ${n} 天消费之比`),
        unit: 'score',
        group: 'trend',
        rule: { kind: 'trend', of: { op: 'sum', field: 'value', filter: BOUGHT }, spanMs: days(n) },
      }),
    ),
  ];
}

/** What lies in the baskets. */
function basketFeatures(): FeatureDefinition[] {
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
function rangeFeatures(): FeatureDefinition[] {
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
function returnFeatures(): FeatureDefinition[] {
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

/** The shop's calendar on the day of the prediction. */
function calendarFeatures(): FeatureDefinition[] {
  const calendar = (
    featureName: string,
    label: FeatureDefinition['label'],
    rule: FeatureDefinition['rule'],
    unit: FeatureDefinition['unit'] = 'none',
  ) => ({ name: featureName, label, unit, group: 'calendar', rule }) as const;
  return [
    calendar('month', name('Month', '月份'), { kind: 'calendar', measure: 'month' }),
    calendar('weekday', name('Day of the week', '星期'), { kind: 'calendar', measure: 'weekday' }),
    calendar(
      'year_sin',
      name('Season (sine)', '季节（正弦）'),
      { kind: 'calendar', measure: 'year_sin' },
      'score',
    ),
    calendar(
      'year_cos',
      name('Season (cosine)', '季节（余弦）'),
      { kind: 'calendar', measure: 'year_cos' },
      'score',
    ),
    calendar(
      'to_sales_day',
      name('Days to the next sales day', '距下一个大促的天数'),
      { kind: 'calendar', measure: 'to_sales_day' },
      'days',
    ),
    calendar(
      'since_sales_day',
      name('Days since the last sales day', '距上一个大促的天数'),
      { kind: 'calendar', measure: 'since_sales_day' },
      'days',
    ),
  ];
}

/** Who they are: how long known, and where they come from. */
function profileFeatures(): FeatureDefinition[] {
  const latest = (field: string, label: FeatureDefinition['label']): FeatureDefinition => ({
    name: field,
    label,
    unit: 'none',
    group: 'tenure',
    rule: { kind: 'last', field, filter: {} },
  });
  return [
    {
      name: 'days_known',
      label: name('Days since first seen', '距首次出现的天数'),
      unit: 'days',
      group: 'tenure',
      rule: { kind: 'tenure', clock: 'calendar', filter: {} },
    },
    latest('country', name('Country', '国家')),
    latest('channel', name('Channel', '渠道')),
    latest('device', name('Device', '设备')),
  ];
}

/**
 * The default view of a question about the next `horizonDays` days. Features a shop's data cannot feed are left out by
 * `viewFor`.
 */
export function defaultView(horizonDays: number): FeatureView {
  return {
    name: `customer-${horizonDays}d`,
    version: 1,
    features: [
      ...historyFeatures(),
      ...windowFeatures(horizonDays),
      ...rhythmFeatures(),
      ...basketFeatures(),
      ...rangeFeatures(),
      ...returnFeatures(),
      ...browsingFeatures(),
      ...calendarFeatures(),
      ...profileFeatures(),
    ],
  };
}

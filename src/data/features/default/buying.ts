// The default view's features of buying: recency, frequency, money, rhythm and trend.
import { name } from '../../../core/name.ts';
import { DAY_MS } from '../../../core/time.ts';
import type { EventFilter, FeatureDefinition, HistoryRule } from '../definition.ts';

const BOUGHT: EventFilter = { types: ['purchase'] };
const MONEY: EventFilter = { types: ['purchase', 'refund'] };

const LOOKBACK_DAYS = [7, 30, 90, 180, 365] as const;

const days = (count: number): number => Math.round(count * DAY_MS);

/**
 * Fader and Hardie's columns: what customer-base models read. How often, over how long and until when say one thing
 * together, the pace of buying: told apart, a long time as a customer would seem to count against somebody.
 */
export function historyFeatures(): FeatureDefinition[] {
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
      group: 'frequency',
      rule: history('recency'),
    },
    {
      name: 'T',
      label: name('Days since the first purchase', '距首次购买的天数'),
      unit: 'days',
      group: 'frequency',
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
export function windowFeatures(horizonDays: number): FeatureDefinition[] {
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
export function rhythmFeatures(): FeatureDefinition[] {
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

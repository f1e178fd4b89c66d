// Features of a moment within a visit: what the visit holds so far, and who the visitor was before it.
import { type Name, name } from '../../../core/name.ts';
import { DAY_MS } from '../../../core/time.ts';
import type { EventType } from '../../event.ts';
import type { EventFilter, FeatureDefinition, FeatureRule } from '../definition.ts';
import { countsOver, type Windows } from './product.ts';

const of = (...types: EventType[]): EventFilter => ({ types });

const MINUTE_MS = 60_000;
const BOUGHT = of('purchase');
const VIEWED = of('view', 'click');
const CARTED = of('add_to_cart');
const SEEN = of('view', 'search', 'click', 'add_to_cart', 'remove_from_cart', 'wishlist', 'begin_checkout');

/** What has happened since the visit began, the moment's own event included. */
export function visitFeatures(): FeatureDefinition[] {
  const make = (
    featureName: string,
    label: Name,
    unit: FeatureDefinition['unit'],
    rule: FeatureRule,
  ): FeatureDefinition => ({ name: featureName, label, unit, group: 'visit', rule, of: 'visit' });
  const count = (word: string, label: Name, filter: EventFilter) =>
    make(`visit_${word}`, label, 'count', { kind: 'count', filter });
  const within = (word: string, label: Name, filter: EventFilter, minutes: number) =>
    make(`visit_${word}_${minutes}m`, label, 'count', {
      kind: 'count',
      filter,
      lookbackMs: minutes * MINUTE_MS,
    });
  return [
    count('events', name('Steps of the visit so far', '本次访问已有步数'), {}),
    count('views', name('Products viewed in this visit', '本次访问浏览次数'), VIEWED),
    count('carts', name('Additions to the cart in this visit', '本次访问加购次数'), CARTED),
    count(
      'removals',
      name('Products taken out of the cart in this visit', '本次访问移除加购次数'),
      of('remove_from_cart'),
    ),
    count('wishes', name('Wishes in this visit', '本次访问收藏次数'), of('wishlist')),
    count('searches', name('Searches in this visit', '本次访问搜索次数'), of('search')),
    count('checkouts', name('Checkouts begun in this visit', '本次访问开始结账次数'), of('begin_checkout')),
    make('visit_minutes', name('Minutes the visit has lasted', '本次访问已持续分钟数'), 'score', {
      kind: 'session',
      measure: 'minutes',
      gapMs: DAY_MS,
      filter: {},
    }),
    within('events', name('Steps in the last 2 minutes', '最近 2 分钟步数'), {}, 2),
    within('events', name('Steps in the last 10 minutes', '最近 10 分钟步数'), {}, 10),
    within('carts', name('Additions to the cart in the last 10 minutes', '最近 10 分钟加购次数'), CARTED, 10),
    make('visit_items', name('Different products in this visit', '本次访问的商品种数'), 'count', {
      kind: 'distinct',
      field: 'item_id',
      filter: {},
    }),
    make('visit_categories', name('Different categories in this visit', '本次访问的品类数'), 'count', {
      kind: 'distinct',
      field: 'category',
      filter: {},
    }),
    make('visit_focus', name('Views a product in this visit', '本次访问每件商品浏览次数'), 'score', {
      kind: 'ratio',
      above: { op: 'count', filter: VIEWED },
      below: { op: 'distinct', field: 'item_id', filter: VIEWED },
    }),
    make('visit_last_step', name('The latest step', '最近一步'), 'none', {
      kind: 'last',
      field: 'type',
      filter: {},
    }),
    make('visit_cart_value', name('Money put into the cart in this visit', '本次访问加购金额'), 'money', {
      kind: 'sum',
      field: 'value',
      filter: CARTED,
    }),
    make('visit_mean_price', name('Average price looked at in this visit', '本次访问浏览均价'), 'money', {
      kind: 'mean',
      field: 'price',
      filter: VIEWED,
    }),
    ...(['country', 'channel', 'device'] as const).map((field) =>
      make(`visit_${field}`, PROFILE[field], 'none', { kind: 'last', field, filter: {} }),
    ),
    {
      name: 'visit_weekday',
      label: name('Day of the week', '星期'),
      unit: 'none',
      group: 'calendar',
      rule: { kind: 'calendar', measure: 'weekday' },
    },
  ];
}

/** The visitor before this visit began. */
export function visitorFeatures(windows: Windows): FeatureDefinition[] {
  const lookbackMs = windows.longest * DAY_MS;
  const make = (
    featureName: string,
    label: Name,
    unit: FeatureDefinition['unit'],
    group: FeatureDefinition['group'],
    rule: FeatureRule,
  ): FeatureDefinition => ({ name: featureName, label, unit, group, rule });
  const visits = { kind: 'session', gapMs: 30 * MINUTE_MS, filter: SEEN } as const;
  return [
    ...countsOver(
      windows,
      [
        { word: 'before_views', label: name('Earlier views', '此前浏览次数'), filter: VIEWED },
        {
          word: 'before_carts',
          label: name('Earlier additions to the cart', '此前加购次数'),
          filter: CARTED,
        },
        { word: 'before_purchases', label: name('Earlier products bought', '此前购买件次'), filter: BOUGHT },
      ],
      { group: 'engagement' },
    ),
    ...[...windows.days, windows.longest].map((n) =>
      make(
        n === windows.longest ? 'before_visits' : `before_visits_${n}d`,
        name(`Earlier visits in ${n} days`, `${n} 天内此前访问次数`),
        'count',
        'engagement',
        { ...visits, measure: 'count', lookbackMs: n * DAY_MS },
      ),
    ),
    make('before_orders', name('Earlier orders', '此前订单数'), 'count', 'frequency', {
      kind: 'distinct',
      field: 'order',
      filter: BOUGHT,
      lookbackMs,
    }),
    make('before_spend', name('Spent before this visit', '此前消费额'), 'money', 'monetary', {
      kind: 'sum',
      field: 'net_value',
      filter: of('purchase', 'refund'),
      lookbackMs,
    }),
    make('days_since_purchase', name('Days since the last purchase', '距上次购买的天数'), 'days', 'recency', {
      kind: 'recency',
      clock: 'elapsed',
      filter: BOUGHT,
      lookbackMs,
    }),
    make('days_since_seen', name('Days since the visit before', '距上次访问的天数'), 'days', 'recency', {
      kind: 'recency',
      clock: 'elapsed',
      filter: SEEN,
      lookbackMs,
    }),
    make('before_minutes', name('Minutes of an earlier visit', '此前每次访问分钟数'), 'score', 'engagement', {
      ...visits,
      measure: 'minutes',
      lookbackMs,
    }),
    make(
      'before_open_carts',
      name('Left in the cart before', '此前加购后未购买次数'),
      'count',
      'engagement',
      {
        kind: 'unanswered',
        filter: CARTED,
        answer: BOUGHT,
        lookbackMs,
      },
    ),
    make('before_buying', name('Purchases per view before', '此前购买浏览比'), 'share', 'engagement', {
      kind: 'ratio',
      above: { op: 'count', filter: BOUGHT, lookbackMs },
      below: { op: 'count', filter: VIEWED, lookbackMs },
    }),
    make('before_days_known', name('Days since first seen', '距首次出现的天数'), 'days', 'tenure', {
      kind: 'tenure',
      clock: 'elapsed',
      filter: {},
      lookbackMs,
    }),
  ];
}

/** Where a visit comes from. */
const PROFILE = {
  country: name('Country', '国家'),
  channel: name('Channel', '渠道'),
  device: name('Device', '设备'),
} as const;

// The default view's features of visits: what a customer looks at, searches for and leaves in the cart.
import { type Name, name } from '../../../core/name.ts';
import { DAY_MS } from '../../../core/time.ts';
import type { EventType } from '../../event.ts';
import type { EventFilter, FeatureDefinition } from '../definition.ts';

const of = (...types: EventType[]): EventFilter => ({ types });

/** What a visit is made of. */
const VISIT = of('view', 'search', 'click', 'add_to_cart', 'remove_from_cart', 'wishlist', 'begin_checkout');
const SILENCE_MS = 30 * 60_000;

const WATCHED: readonly { type: EventType; word: string; en: string; zh: string }[] = [
  { type: 'view', word: 'views', en: 'Product views', zh: '商品浏览' },
  { type: 'add_to_cart', word: 'carts', en: 'Additions to the cart', zh: '加购' },
  { type: 'search', word: 'searches', en: 'Searches', zh: '搜索' },
];

function counts(): FeatureDefinition[] {
  return WATCHED.flatMap(({ type, word, en, zh }) =>
    (type === 'search' ? [30] : [7, 30, 90]).map(
      (n): FeatureDefinition => ({
        name: `${word}_${n}d`,
        label: name(`${en} in ${n} days`, `${n} 天内${zh}次数`),
        unit: 'count',
        group: 'engagement',
        rule: { kind: 'count', filter: of(type), lookbackMs: n * DAY_MS },
      }),
    ),
  );
}

const feature = (
  featureName: string,
  label: Name,
  unit: FeatureDefinition['unit'],
  rule: FeatureDefinition['rule'],
): FeatureDefinition => ({ name: featureName, label, unit, group: 'engagement', rule });

export function browsingFeatures(): FeatureDefinition[] {
  const session = { kind: 'session', gapMs: SILENCE_MS, filter: VISIT } as const;
  const daysSeen = { kind: 'distinct', field: 'day', filter: VISIT } as const;
  return [
    ...counts(),
    ...[7, 30, 90, 180].map((n) =>
      feature(`sessions_${n}d`, name(`Visits in ${n} days`, `${n} 天内访问次数`), 'count', {
        ...session,
        measure: 'count',
        lookbackMs: n * DAY_MS,
      }),
    ),
    feature('sessions', name('Visits so far', '累计访问次数'), 'count', { ...session, measure: 'count' }),
    feature('days_seen_90d', name('Days with a visit in 90 days', '90 天内访问天数'), 'count', {
      ...daysSeen,
      lookbackMs: 90 * DAY_MS,
    }),
    feature('days_seen', name('Days with a visit so far', '累计访问天数'), 'count', daysSeen),
    feature('visit_gap', name('Average days between visits', '平均访问间隔天数'), 'days', {
      kind: 'rhythm',
      measure: 'mean_gap',
      filter: VISIT,
    }),
    feature(
      'visit_overdue',
      name('Silence against the usual gap of visits', '沉默时长与平均访问间隔之比'),
      'score',
      {
        kind: 'rhythm',
        measure: 'overdue',
        filter: VISIT,
      },
    ),
    feature(
      'session_minutes_30d',
      name('Minutes a visit in 30 days', '30 天内平均访问时长（分钟）'),
      'score',
      {
        ...session,
        measure: 'minutes',
        lookbackMs: 30 * DAY_MS,
      },
    ),
    feature('days_since_seen', name('Days since last seen', '距上次访问的天数'), 'days', {
      kind: 'recency',
      clock: 'elapsed',
      filter: VISIT,
    }),
    feature(
      'open_carts_30d',
      name('Cart additions not followed by a purchase', '加购后未购买次数'),
      'count',
      {
        kind: 'unanswered',
        filter: of('add_to_cart'),
        answer: of('purchase'),
        lookbackMs: 30 * DAY_MS,
      },
    ),
    feature(
      'items_viewed_30d',
      name('Different products viewed in 30 days', '30 天内浏览的商品种数'),
      'count',
      {
        kind: 'distinct',
        field: 'item_id',
        filter: of('view'),
        lookbackMs: 30 * DAY_MS,
      },
    ),
    feature('view_to_cart_90d', name('Additions to the cart per view', '浏览加购率'), 'share', {
      kind: 'ratio',
      above: { op: 'count', filter: of('add_to_cart'), lookbackMs: 90 * DAY_MS },
      below: { op: 'count', filter: of('view'), lookbackMs: 90 * DAY_MS },
    }),
    feature(
      'views_trend_30d',
      name('Views, last 30 days against the 30 before', '近 30 天与前 30 天浏览之比'),
      'score',
      {
        kind: 'trend',
        of: { op: 'count', filter: of('view') },
        spanMs: 30 * DAY_MS,
      },
    ),
    feature('wishes', name('Products put on the wish list', '收藏次数'), 'count', {
      kind: 'count',
      filter: of('wishlist'),
    }),
    feature('reviews', name('Reviews written', '评价次数'), 'count', { kind: 'count', filter: of('review') }),
    feature('mean_rating', name('Average stars given', '平均评分'), 'score', {
      kind: 'mean',
      field: 'rating',
      filter: of('review'),
    }),
  ];
}

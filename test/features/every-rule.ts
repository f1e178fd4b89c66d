// One feature of every kind, over windows, conditions and fields the default view does not use.
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import type {
  EventFilter,
  FeatureDefinition,
  FeatureRule,
  FeatureView,
} from '../../src/data/features/definition.ts';

const BOUGHT: EventFilter = { types: ['purchase'] };
const ANY: EventFilter = {};
const DEAR: EventFilter = {
  types: ['purchase', 'refund', 'view'],
  where: [
    { field: 'value', is: 'at_least', value: 2000 },
    { field: 'country', is: 'not_equal', value: '中文' },
  ],
};
const ODD: EventFilter = {
  where: [
    { field: 'order_id', is: 'missing' },
    { field: 'device', is: 'present' },
  ],
};
const CAMPAIGN: EventFilter = {
  where: [{ field: 'props.campaign', is: 'one_of', value: ['spring', 'x"y'] }],
};
const FEW: EventFilter = { types: ['purchase'], where: [{ field: 'quantity', is: 'less', value: 1.5 }] };

const ALIGNED = { kind: 'sequence', filter: ANY, limit: 5, keepMissing: true } as const;

const RULES: Readonly<Record<string, FeatureRule>> = {
  count_dear: { kind: 'count', filter: DEAR, lookbackMs: 45 * DAY_MS },
  count_odd: { kind: 'count', filter: ODD },
  count_campaign: { kind: 'count', filter: CAMPAIGN, lookbackMs: 200 * DAY_MS },
  count_few: { kind: 'count', filter: FEW },
  count_night: { kind: 'count', filter: { where: [{ field: 'hour', is: 'at_most', value: 5 }] } },
  sum_quantity: { kind: 'sum', field: 'quantity', filter: BOUGHT, lookbackMs: 30 * DAY_MS },
  sum_net: { kind: 'sum', field: 'net_value', filter: ANY },
  mean_rating: { kind: 'mean', field: 'rating', filter: ANY },
  min_price: { kind: 'min', field: 'price', filter: ANY, lookbackMs: 3 * HOUR_MS },
  max_discount: { kind: 'max', field: 'discount', filter: BOUGHT },
  max_position: { kind: 'max', field: 'position', filter: ANY, lookbackMs: 60 * DAY_MS },
  distinct_sessions: { kind: 'distinct', field: 'session_id', filter: ANY, lookbackMs: 20 * DAY_MS },
  distinct_days: { kind: 'distinct', field: 'day', filter: ANY, lookbackMs: 20 * DAY_MS + 1 },
  distinct_brands: { kind: 'distinct', field: 'brand', filter: ANY },
  last_value: { kind: 'last', field: 'value', filter: BOUGHT },
  first_rating: { kind: 'first', field: 'rating', filter: ANY, lookbackMs: 300 * DAY_MS },
  last_device: { kind: 'last', field: 'device', filter: ANY },
  first_channel: { kind: 'first', field: 'channel', filter: DEAR, lookbackMs: 90 * DAY_MS },
  last_brand: { kind: 'last', field: 'brand', filter: BOUGHT },
  recency_elapsed: { kind: 'recency', clock: 'elapsed', filter: DEAR },
  recency_bounded: { kind: 'recency', clock: 'calendar', filter: ANY, lookbackMs: 10 * DAY_MS },
  tenure_elapsed: { kind: 'tenure', clock: 'elapsed', filter: BOUGHT },
  ratio_mixed: {
    kind: 'ratio',
    above: { op: 'sum', field: 'rating', filter: ANY },
    below: { op: 'sum', field: 'quantity', filter: BOUGHT, lookbackMs: 100 * DAY_MS },
  },
  trend_net: { kind: 'trend', of: { op: 'sum', field: 'net_value', filter: ANY }, spanMs: 25 * DAY_MS },
  trend_items: { kind: 'trend', of: { op: 'distinct', field: 'item_id', filter: ANY }, spanMs: 60 * DAY_MS },
  rhythm_any: { kind: 'rhythm', measure: 'std_gap', filter: ANY },
  overdue_any: { kind: 'rhythm', measure: 'overdue', filter: ANY },
  visits_any: { kind: 'session', measure: 'count', gapMs: 10 * 60_000, filter: ANY, lookbackMs: 80 * DAY_MS },
  visit_minutes: { kind: 'session', measure: 'minutes', gapMs: 20 * 60_000, filter: ANY },
  unanswered_views: { kind: 'unanswered', filter: { types: ['view', 'click'] }, answer: BOUGHT },
  asks_itself: { kind: 'unanswered', filter: ANY, answer: BOUGHT, lookbackMs: 50 * DAY_MS },
  last_items: { kind: 'sequence', field: 'item_id', filter: ANY, limit: 5 },
  last_prices: { kind: 'sequence', field: 'price', cuts: [500, 1000, 2000], filter: ANY, limit: 6 },
  last_ratings: { ...ALIGNED, field: 'rating', cuts: [2, 3.5] },
  last_gaps: { ...ALIGNED, field: 'timestamp', measure: 'gap', cuts: [1, HOUR_MS, 2 * DAY_MS] },
  last_ages: { ...ALIGNED, field: 'timestamp', measure: 'age', cuts: [1, DAY_MS, 30 * DAY_MS] },
  last_brands: { ...ALIGNED, field: 'brand', lookbackMs: 90 * DAY_MS },
  gaps_of_dear: {
    kind: 'sequence',
    field: 'timestamp',
    measure: 'gap',
    cuts: [HOUR_MS],
    filter: DEAR,
    limit: 4,
    lookbackMs: 60 * DAY_MS,
  },
  last_types: { kind: 'sequence', field: 'type', filter: DEAR, limit: 3, lookbackMs: 120 * DAY_MS },
  own_sales_day: {
    kind: 'calendar',
    measure: 'to_sales_day',
    salesDays: [{ name: 'anniversary', month: 3, day: 1 }],
  },
};

export const everyRule: FeatureView = {
  name: 'every-rule',
  version: 1,
  features: Object.entries(RULES).map(
    ([name, rule]): FeatureDefinition => ({
      name,
      label: { en: name, zh: name },
      unit: 'none',
      group: 'engagement',
      rule,
    }),
  ),
};

// Features of an item among everybody, and of one customer with it or with its category.
import { type Name, name } from '../../../core/name.ts';
import { DAY_MS } from '../../../core/time.ts';
import type { EventType } from '../../event.ts';
import type { EventFilter, FeatureDefinition, FeatureOwner, FeatureRule } from '../definition.ts';

const of = (...types: EventType[]): EventFilter => ({ types });

const VIEWED = of('view', 'click');
const CARTED = of('add_to_cart', 'begin_checkout');
const BOUGHT = of('purchase');
const TOUCHED = of(
  'view',
  'click',
  'add_to_cart',
  'begin_checkout',
  'wishlist',
  'remove_from_cart',
  'purchase',
);

/** Windows of days: the usual ones that fit into the history, and the longest, which has no number in its name. */
export interface Windows {
  readonly days: readonly number[];
  readonly longest: number;
}

const USUAL_DAYS = [1, 7, 30];
const LONGEST_DAYS = 90;

/** @param historyDays behind the earliest moment anything is learned at */
export function windowsWithin(historyDays: number): Windows {
  const longest = Math.max(1, Math.min(LONGEST_DAYS, Math.floor(historyDays)));
  return { days: USUAL_DAYS.filter((days) => days < longest), longest };
}

interface Counted {
  readonly word: string;
  readonly label: Name;
  readonly filter: EventFilter;
}

/** One count a window. */
export function countsOver(
  { days, longest }: Windows,
  counted: readonly Counted[],
  base: Pick<FeatureDefinition, 'group' | 'of'>,
): FeatureDefinition[] {
  return counted.flatMap(({ word, label, filter }) =>
    [...days, longest].map((n) => ({
      ...base,
      name: n === longest ? word : `${word}_${n}d`,
      label: name(`${label.en} in ${n} days`, `${n} 天内${label.zh}`),
      unit: 'count' as const,
      rule: { kind: 'count' as const, filter, lookbackMs: n * DAY_MS },
    })),
  );
}

type Make = (
  featureName: string,
  label: Name,
  unit: FeatureDefinition['unit'],
  rule: FeatureRule,
) => FeatureDefinition;

const maker =
  (owner: FeatureOwner, group: FeatureDefinition['group']): Make =>
  (featureName, label, unit, rule) => ({ name: featureName, label, unit, group, rule, of: owner });

/** How everybody takes to an item. On the log keyed by items `item_id` is the customer. */
export function itemFeatures(windows: Windows): FeatureDefinition[] {
  const make = maker('item', 'product');
  const lookbackMs = windows.longest * DAY_MS;
  const span = windows.longest >= 14 ? 7 : windows.longest >= 2 ? 1 : 0;
  const people = (filter: EventFilter) => ({ op: 'distinct', field: 'item_id', filter, lookbackMs }) as const;
  return [
    ...countsOver(
      windows,
      [
        {
          word: 'item_views',
          label: name('Views of the product by everybody', '全体对该商品的浏览'),
          filter: VIEWED,
        },
        {
          word: 'item_carts',
          label: name('Additions of the product to carts', '该商品被加购次数'),
          filter: CARTED,
        },
        { word: 'item_purchases', label: name('Purchases of the product', '该商品购买次数'), filter: BOUGHT },
      ],
      { group: 'product', of: 'item' },
    ),
    make('item_visitors', name('Customers who met the product', '接触过该商品的客户数'), 'count', {
      kind: 'distinct',
      field: 'item_id',
      filter: TOUCHED,
      lookbackMs,
    }),
    make('item_buyers', name('Customers who bought the product', '购买过该商品的客户数'), 'count', {
      kind: 'distinct',
      field: 'item_id',
      filter: BOUGHT,
      lookbackMs,
    }),
    make(
      'item_conversion',
      name('Buyers of the product among those who met it', '该商品的购买转化率'),
      'share',
      {
        kind: 'ratio',
        above: people(BOUGHT),
        below: people(TOUCHED),
      },
    ),
    make('item_carting', name('Carters of the product among those who met it', '该商品的加购率'), 'share', {
      kind: 'ratio',
      above: people(CARTED),
      below: people(TOUCHED),
    }),
    ...(span > 0
      ? [
          make(
            'item_trend',
            name(
              `Views of the product, last ${span} days against the ${span} before`,
              `该商品近 ${span} 天与前 ${span} 天浏览之比`,
            ),
            'score',
            { kind: 'trend', of: { op: 'count', filter: VIEWED }, spanMs: span * DAY_MS },
          ),
        ]
      : []),
    make(
      'item_days_since_purchase',
      name('Days since anybody bought the product', '距该商品上次售出的天数'),
      'days',
      {
        kind: 'recency',
        clock: 'elapsed',
        filter: BOUGHT,
        lookbackMs,
      },
    ),
    make('item_days_known', name('Days since the product was first seen', '距该商品首次出现的天数'), 'days', {
      kind: 'tenure',
      clock: 'elapsed',
      filter: {},
      lookbackMs,
    }),
    make('item_price', name('Price of the product', '该商品价格'), 'money', {
      kind: 'last',
      field: 'price',
      filter: {},
      lookbackMs,
    }),
  ];
}

/** What one customer has done with one item. */
export function pairFeatures(windows: Windows): FeatureDefinition[] {
  const make = maker('pair', 'interest');
  const lookbackMs = windows.longest * DAY_MS;
  const since = (word: string, label: Name, filter: EventFilter) =>
    make(`pair_days_since_${word}`, label, 'days', { kind: 'recency', clock: 'elapsed', filter, lookbackMs });
  return [
    ...countsOver(
      windows,
      [
        { word: 'pair_views', label: name('Own views of the product', '本人浏览该商品次数'), filter: VIEWED },
        {
          word: 'pair_carts',
          label: name('Own additions of it to the cart', '本人加购该商品次数'),
          filter: CARTED,
        },
        { word: 'pair_purchases', label: name('Own purchases of it', '本人购买该商品次数'), filter: BOUGHT },
        {
          word: 'pair_touches',
          label: name('Everything done with the product', '本人与该商品的全部互动'),
          filter: TOUCHED,
        },
      ],
      { group: 'interest', of: 'pair' },
    ),
    make('pair_wishes', name('Put on the wish list', '收藏该商品次数'), 'count', {
      kind: 'count',
      filter: of('wishlist'),
      lookbackMs,
    }),
    make('pair_removals', name('Taken out of the cart again', '从购物车移除该商品次数'), 'count', {
      kind: 'count',
      filter: of('remove_from_cart'),
      lookbackMs,
    }),
    make('pair_open_carts', name('In the cart and not bought since', '加购后尚未购买'), 'count', {
      kind: 'unanswered',
      filter: CARTED,
      answer: of('purchase', 'remove_from_cart'),
      lookbackMs,
    }),
    make('pair_days', name('Days with the product', '接触该商品的天数'), 'count', {
      kind: 'distinct',
      field: 'day',
      filter: TOUCHED,
      lookbackMs,
    }),
    since('touched', name('Days since the product was last touched', '距上次接触该商品的天数'), TOUCHED),
    since('viewed', name('Days since the product was last viewed', '距上次浏览该商品的天数'), VIEWED),
    since('carted', name('Days since it was put into the cart', '距上次加购该商品的天数'), CARTED),
    since('wished', name('Days since it was put on the wish list', '距收藏该商品的天数'), of('wishlist')),
    since('bought', name('Days since they bought it', '距本人购买该商品的天数'), BOUGHT),
    make('pair_days_known', name('Days since they first met the product', '距首次接触该商品的天数'), 'days', {
      kind: 'tenure',
      clock: 'elapsed',
      filter: TOUCHED,
      lookbackMs,
    }),
  ];
}

/** What one customer has done with the items of a category. */
export function categoryFeatures(windows: Windows): FeatureDefinition[] {
  const make = maker('category', 'interest');
  const lookbackMs = windows.longest * DAY_MS;
  return [
    ...countsOver(
      windows,
      [
        {
          word: 'category_views',
          label: name('Own views in the category', '本人浏览该品类次数'),
          filter: VIEWED,
        },
        {
          word: 'category_carts',
          label: name('Own additions from the category to the cart', '本人加购该品类次数'),
          filter: CARTED,
        },
        {
          word: 'category_purchases',
          label: name('Own purchases in the category', '本人购买该品类次数'),
          filter: BOUGHT,
        },
      ],
      { group: 'interest', of: 'category' },
    ),
    make(
      'category_items',
      name('Different products of the category touched', '接触该品类的商品种数'),
      'count',
      {
        kind: 'distinct',
        field: 'item_id',
        filter: TOUCHED,
        lookbackMs,
      },
    ),
    make(
      'category_days_since_touched',
      name('Days since the category was last touched', '距上次接触该品类的天数'),
      'days',
      {
        kind: 'recency',
        clock: 'elapsed',
        filter: TOUCHED,
        lookbackMs,
      },
    ),
    make(
      'category_days_since_bought',
      name('Days since they bought in the category', '距上次购买该品类的天数'),
      'days',
      {
        kind: 'recency',
        clock: 'elapsed',
        filter: BOUGHT,
        lookbackMs,
      },
    ),
  ];
}

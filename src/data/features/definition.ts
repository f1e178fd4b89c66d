// What a feature is: data, not code. Three compilers (SQL, online fold, the tests' oracle) read these same definitions.
import type { Unit } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import type { EventType } from '../event.ts';
import type { SalesDay } from './calendar.ts';

/** The families a feature may belong to; explanations speak of a family as one thing, so they stay few. */
export const FEATURE_GROUPS = {
  recency: name('How recently', '最近程度'),
  frequency: name('How often', '购买频率'),
  monetary: name('How much', '消费金额'),
  rhythm: name('Buying rhythm', '购买节奏'),
  basket: name('Baskets', '购物篮'),
  category: name('Range of products', '品类范围'),
  returns: name('Returns', '退货'),
  discount: name('Discounts', '折扣'),
  calendar: name('Time of year', '时节'),
  trend: name('Trend', '走势'),
  tenure: name('Profile and tenure', '客户概况与时长'),
  engagement: name('Browsing', '浏览互动'),
  visit: name('This visit', '本次访问'),
  interest: name('Interest in the product', '对该商品的兴趣'),
  product: name('The product itself', '商品本身'),
  events: name('What was done, in order', '行为先后'),
} as const satisfies Record<string, Name>;

export type FeatureGroup = keyof typeof FEATURE_GROUPS;

/** How a condition compares. A missing field satisfies none of them but `missing`. */
export const COMPARISONS = [
  'equal',
  'not_equal',
  'one_of',
  'less',
  'at_most',
  'more',
  'at_least',
  'present',
  'missing',
] as const;

export type Comparison = (typeof COMPARISONS)[number];

/** `field` is a name of `fields.ts`; the value is in the field's own unit (pieces, stars, minor units of money). */
export interface Condition {
  readonly field: string;
  readonly is: Comparison;
  readonly value?: string | number | readonly string[] | readonly number[];
}

/** Events of any of `types` (of every type when absent) for which every condition holds. */
export interface EventFilter {
  readonly types?: readonly EventType[];
  readonly where?: readonly Condition[];
}

interface Windowed {
  readonly filter: EventFilter;
  /** Events in `(asOf − lookbackMs, asOf]`; all history up to and including `asOf` when absent. */
  readonly lookbackMs?: number;
}

/** An amount that ratios and trends are made of. `field` is what is summed or told apart; `count` has none. */
export interface Amount {
  readonly op: 'count' | 'sum' | 'distinct';
  readonly field?: string;
  readonly filter: EventFilter;
}

/** How many events. */
export interface CountRule extends Windowed {
  readonly kind: 'count';
}

/**
 * One number over the events in which `field` is present: `sum` is 0 when there are none, `mean`, `min` and `max` are
 * missing then. `distinct` counts different values.
 */
export interface FieldRule extends Windowed {
  readonly kind: 'sum' | 'mean' | 'min' | 'max' | 'distinct';
  readonly field: string;
}

/**
 * The field's value at the latest (`last`) or earliest (`first`) event in which it is present. Among events of one
 * moment `last` takes the greatest value and `first` the least (numbers by size, texts by their UTF-8 bytes), so the
 * order in which equal timestamps arrive does not matter. A text field gives a category column.
 */
export interface EdgeRule extends Windowed {
  readonly kind: 'last' | 'first';
  readonly field: string;
}

/**
 * Days from the latest event (`recency`) or the earliest one (`tenure`) to `asOf`; missing when there is none.
 * `calendar` counts local days (a whole number), `elapsed` is time divided by 24 hours.
 */
export interface AgeRule extends Windowed {
  readonly kind: 'recency' | 'tenure';
  readonly clock: 'calendar' | 'elapsed';
}

/** One amount over another; missing when the one below is 0. */
export interface RatioRule {
  readonly kind: 'ratio';
  readonly above: Amount & { readonly lookbackMs?: number };
  readonly below: Amount & { readonly lookbackMs?: number };
}

/**
 * The last span against the one before it, `(recent − earlier) / (|recent| + |earlier|)` in [−1, 1]; missing when both
 * are 0. `recent` is over `(asOf − spanMs, asOf]`, `earlier` over `(asOf − 2·spanMs, asOf − spanMs]`.
 */
export interface TrendRule {
  readonly kind: 'trend';
  readonly of: Amount;
  readonly spanMs: number;
}

/**
 * Gaps in local days between the days on which something matching happened, each day taken when first met, over all
 * history: their mean, their standard deviation (population), or `overdue`: days since the latest such day divided by
 * the mean gap. Missing with fewer than two days.
 */
export interface RhythmRule {
  readonly kind: 'rhythm';
  readonly measure: 'mean_gap' | 'std_gap' | 'overdue';
  readonly filter: EventFilter;
}

/**
 * Sessions cut at silence: an event opens one when the one before it (any earlier moment of the same filter) is more
 * than `gapMs` older, or there is none. `count` = sessions opened in the window; `minutes` = time between consecutive
 * events of a session that end in the window, per session opened there, missing when none was.
 */
export interface SessionRule extends Windowed {
  readonly kind: 'session';
  readonly measure: 'count' | 'minutes';
  readonly gapMs: number;
}

/** Events in the window with no `answer` at the same moment or later up to `asOf`: carts without a purchase. */
export interface UnansweredRule extends Windowed {
  readonly kind: 'unanswered';
  readonly answer: EventFilter;
}

/**
 * Fader and Hardie's summary of a history, over all of it, in local days: `frequency` = days with a match − 1;
 * `recency` = first to last such day; `T` = first such day to the day of `asOf`; `first_value` = money on the day of
 * the first match; `monetary` = money on the other days / frequency (missing when frequency is 0). All are missing
 * when there is no match.
 */
export interface HistoryRule {
  readonly kind: 'history';
  readonly measure: 'frequency' | 'recency' | 'T' | 'monetary' | 'first_value';
  readonly filter: EventFilter;
}

/**
 * The shop's own calendar at `asOf`: `month` 1–12, `weekday` 0 = Monday, sine and cosine of the day of the year,
 * days to the next of `salesDays` (0 on the day) or since the last one.
 */
export interface CalendarRule {
  readonly kind: 'calendar';
  readonly measure: 'month' | 'weekday' | 'year_sin' | 'year_cos' | 'to_sales_day' | 'since_sales_day';
  readonly salesDays?: readonly SalesDay[];
}

/**
 * What the last `limit` events say, oldest first; equal moments in order of `event_id` (UTF-8 bytes). An event that does
 * not say it is left out, or with `keepMissing` holds its place: sequences over one filter and limit then stand side by
 * side, place by place.
 *
 * A text field gives its values. Numbers are told in classes: by the last of `cuts` (rising, in the field's own unit)
 * that is reached, or as `below` the first. `gap` is the time since the event before, of any age, that the filter lets
 * through, and missing where there is none; `age` is the time from the event to `asOf`; both with cuts in milliseconds
 * and `timestamp` as the field.
 */
export interface SequenceRule extends Windowed {
  readonly kind: 'sequence';
  readonly field: string;
  /** `value` when absent. */
  readonly measure?: 'value' | 'gap' | 'age';
  readonly cuts?: readonly number[];
  readonly limit: number;
  readonly keepMissing?: boolean;
}

export type FeatureRule =
  | CountRule
  | FieldRule
  | EdgeRule
  | AgeRule
  | RatioRule
  | TrendRule
  | RhythmRule
  | SessionRule
  | UnansweredRule
  | HistoryRule
  | CalendarRule
  | SequenceRule;

/**
 * Whose events a feature of an example that is more than a customer is made of: those of the visit so far, of the visitor
 * before it and in it, of everybody with the item, of the customer with the item, or of the customer with the item's
 * category.
 */
export type FeatureOwner = 'visit' | 'visitor' | 'item' | 'pair' | 'category';

/** One feature: what it is called, how it reads, and the rule that makes it. */
export interface FeatureDefinition {
  readonly name: string;
  readonly label: Name;
  readonly unit: Unit;
  readonly group: FeatureGroup;
  readonly rule: FeatureRule;
  /** The customer when absent (before the visit, where the example is one). */
  readonly of?: FeatureOwner;
}

/** The columns a model is given, in order; plain JSON, saved beside the model. */
export interface FeatureView {
  readonly name: string;
  readonly version: number;
  readonly features: readonly FeatureDefinition[];
}

// What is to be predicted, as data: an outcome over (asOf, asOf + horizon], and who is asked about.
import { DAY_MS } from '../core/time.ts';
import type { EventFilter } from './features/definition.ts';
import { fieldNamed, numberFieldNamed } from './features/fields.ts';
import { filterSql } from './features/filter.ts';
import type { LogSql } from './features/sql/relations.ts';

/**
 * The outcome of an example over `(asOf, asOf + horizonMs]`.
 *
 * - `exists`: 1 when at least one event matches, else 0; `not_exists`: the other way round
 * - `count`: matching events, or different values of `field` (such as `order` or `day`) when one is given
 * - `sum`: sum of a number field, `net_value` (purchases less refunds) by default. With `discountPerYear` r a value at
 *   time t counts `value · (1 + r)^(−(t − asOf) / 365 days)`; every line is rounded to a whole minor unit, half away
 *   from zero, before it is added, so that the sum is one of integers
 */
export interface LabelDefinition {
  readonly name: string;
  readonly kind: 'exists' | 'not_exists' | 'count' | 'sum';
  readonly filter: EventFilter;
  readonly field?: string;
  readonly discountPerYear?: number;
}

/**
 * Who is asked about at a moment: users with an event of `filter` (any event when absent) in
 * `(asOf − lookbackMs, asOf]`, over all history when there is no lookback.
 */
export interface Population {
  readonly filter?: EventFilter;
  readonly lookbackMs?: number;
}

/** Everyone of whom any event was known by `asOf`. */
export const everyoneKnown: Population = {};

/** Customers with a purchase in the last `days` days. */
export const boughtWithin = (days: number): Population => ({
  filter: { types: ['purchase'] },
  lookbackMs: days * DAY_MS,
});

const MONEY_TYPES: EventFilter = { types: ['purchase', 'refund'] };

/** Any purchase in the horizon. */
export const willBuy: LabelDefinition = { name: 'buys', kind: 'exists', filter: { types: ['purchase'] } };

/** No purchase in the horizon. */
export const willLeave: LabelDefinition = {
  name: 'leaves',
  kind: 'not_exists',
  filter: { types: ['purchase'] },
};

/** Net money in the horizon, in minor units, discounted when a yearly rate is given. */
export const willSpend = (discountPerYear = 0): LabelDefinition => ({
  name: 'revenue',
  kind: 'sum',
  filter: MONEY_TYPES,
  discountPerYear,
});

/** Rows `(u, t, v)` of everything the label may count. */
export function labelRows(label: LabelDefinition, log: LogSql): string {
  const where = filterSql(label.filter, log.zone);
  if (label.kind === 'exists' || label.kind === 'not_exists') return log.read(['1 AS v'], where);
  if (label.kind === 'count') {
    return log.read([`${label.field ? fieldNamed(label.field).sql(log.zone) : '1'} AS v`], where);
  }
  return log.read([`${numberFieldNamed(label.field ?? 'net_value').sql(log.zone)} AS v`], where);
}

/** The target where the horizon holds nothing. */
export const emptyTarget = (label: LabelDefinition): number => (label.kind === 'not_exists' ? 1 : 0);

/** SELECT of `u` and the target over `(asOfMs, asOfMs + horizonMs]` from the rows of {@link labelRows}. */
export function targetSelect(
  label: LabelDefinition,
  table: string,
  asOfMs: number,
  horizonMs: number,
): string {
  return `SELECT u, CAST(${targetSql(label, asOfMs)} AS DOUBLE) AS target FROM ${table} WHERE t > ${asOfMs} AND t <= ${asOfMs + horizonMs} GROUP BY u`;
}

function targetSql({ kind, field, discountPerYear = 0 }: LabelDefinition, asOfMs: number): string {
  switch (kind) {
    case 'exists':
      return '1';
    case 'not_exists':
      return '0';
    case 'count':
      return field ? 'count(DISTINCT v)' : 'count(*)';
    case 'sum': {
      if (discountPerYear === 0) return 'coalesce(sum(v), 0)';
      const years = `(t - ${asOfMs}) / ${365 * DAY_MS}.0`;
      return `coalesce(sum(CAST(round(v * pow(${1 + discountPerYear}, -(${years}))) AS BIGINT)), 0)`;
    }
  }
}

/** The factor by which {@link LabelDefinition} `scale`s a sum to the field's own unit. */
export function targetScale({ kind, field }: LabelDefinition): number {
  return kind === 'sum' ? numberFieldNamed(field ?? 'net_value').scale : 1;
}

// What known customers spend, day by day: the series a season is learned from.
import { localDay } from '../core/time.ts';
import { type Engine, sqlText } from './engine.ts';
import { localDaySql } from './features/sql-time.ts';
import type { EventSource } from './source.ts';

export interface DailySales {
  /** Days since 1970-01-01, on the shop's calendar. */
  readonly firstDay: number;
  /** Purchases of each day in minor units, quiet days as zeros. */
  readonly totals: Float64Array;
}

/** Customers count once they have been known so long: newcomers come and go by their own season. */
const KNOWN_DAYS = 15;
/** An order counts no further than the one at this share of all orders. */
const LARGEST_SHARE = 0.99;

/**
 * Purchases by day, from the first day with any, up to the last whole day before `untilMs`.
 *
 * @returns undefined when there are none
 */
export async function measureDailySales(
  engine: Engine,
  source: EventSource,
  untilMs: number,
  signal?: AbortSignal,
): Promise<DailySales | undefined> {
  const endDay = localDay(source.zone, untilMs);
  const day = localDaySql(source.zone, 'timestamp');
  const rows = await engine.rows<{ day: number; total: number }>(
    `WITH lines AS (
       SELECT user_id, ${day} AS day, coalesce(order_id, event_id) AS purchase,
              round(price_minor * coalesce(quantity, 1)) AS money
       FROM ${source.events}
       WHERE type = ${sqlText('purchase')} AND user_id IS NOT NULL AND timestamp < ${untilMs} AND ${day} < ${endDay}),
     first AS (
       SELECT user_id, min(${day}) AS first_day FROM ${source.events}
       WHERE user_id IS NOT NULL AND timestamp < ${untilMs} GROUP BY user_id),
     orders AS (
       SELECT user_id, purchase, min(day) AS day, sum(money) AS money FROM lines GROUP BY user_id, purchase),
     cap AS (SELECT quantile_disc(money, ${LARGEST_SHARE}) AS most FROM orders WHERE money > 0)
     SELECT day::INT AS day, sum(least(greatest(money, 0), (SELECT most FROM cap)))::DOUBLE AS total
     FROM orders JOIN first USING (user_id) WHERE day >= first_day + ${KNOWN_DAYS} GROUP BY day ORDER BY day`,
    signal,
  );
  if (rows.length === 0) return undefined;
  const firstDay = rows[0].day;
  const totals = new Float64Array(endDay - firstDay);
  for (const { day, total } of rows) totals[day - firstDay] = total;
  return { firstDay, totals };
}

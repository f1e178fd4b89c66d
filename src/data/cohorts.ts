// Customers grouped by the month of their first purchase: who comes back, and what they are worth by age.
import type { Engine } from './engine.ts';
import { localDaySql } from './features/sql-time.ts';
import type { EventSource } from './source.ts';

export interface Cohort {
  /** Local month of the first purchase, `2011-06`. */
  readonly month: string;
  readonly customers: number;
  /** Share of the cohort that buys in month 0, 1, 2 … after the first; as far as the log reaches. */
  readonly retention: readonly number[];
  /** Cumulative net money per customer after month 0, 1, 2 …, minor units. */
  readonly netPerCustomerMinor: readonly number[];
}

/** Cohorts by first purchase, oldest first; only events at or before `asOf`. */
export async function measureCohorts(
  engine: Engine,
  source: EventSource,
  asOf: number = source.lastMs,
  signal?: AbortSignal,
): Promise<Cohort[]> {
  const date = `(DATE '1970-01-01' + (${localDaySql(source.zone, 'timestamp')})::INT)`;
  const money = 'round(price_minor * coalesce(quantity, 1))::BIGINT';
  const rows = await engine.rows<{
    cohort: number;
    age: number;
    buyers: number;
    net: number | null;
    last: number;
  }>(
    `WITH lines AS (
       SELECT user_id, type, year(${date}) * 12 + month(${date}) - 1 AS month, ${money} AS money
       FROM ${source.events}
       WHERE type IN ('purchase', 'refund') AND user_id IS NOT NULL AND timestamp <= ${Math.floor(asOf)}),
     first AS (SELECT user_id, min(month) AS cohort FROM lines WHERE type = 'purchase' GROUP BY user_id)
     SELECT cohort, month - cohort AS age, count(DISTINCT user_id) FILTER (type = 'purchase') AS buyers,
            sum(CASE type WHEN 'purchase' THEN money ELSE -money END)::DOUBLE AS net,
            (SELECT max(month) FROM lines) AS last
     FROM lines JOIN first USING (user_id) WHERE month >= cohort GROUP BY cohort, age ORDER BY cohort, age`,
    signal,
  );
  const cohorts = new Map<number, { ages: number; buyers: number[]; net: number[] }>();
  for (const row of rows) {
    const ages = row.last - row.cohort + 1;
    const cohort = cohorts.get(row.cohort) ?? {
      ages,
      buyers: new Array(ages).fill(0),
      net: new Array(ages).fill(0),
    };
    cohort.buyers[row.age] = row.buyers;
    cohort.net[row.age] = row.net ?? 0;
    cohorts.set(row.cohort, cohort);
  }
  return [...cohorts.entries()].map(([month, { buyers, net }]) => {
    const customers = buyers[0];
    let running = 0;
    return {
      month: `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`,
      customers,
      retention: buyers.map((count) => count / customers),
      netPerCustomerMinor: net.map((money) => {
        running += money;
        return running / customers;
      }),
    };
  });
}

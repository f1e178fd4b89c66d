// What a shop's log holds and what is odd about it, in numbers and in words.
import { type Name, name } from '../core/name.ts';
import { DAY_MS, formatDay } from '../core/time.ts';
import type { Engine } from './engine.ts';
import { localDaySql } from './features/sql-time.ts';
import type { EventSource } from './source.ts';

export interface DataQuality {
  readonly rows: number;
  readonly users: number;
  readonly items: number;
  readonly orders: number;
  readonly buyers: number;
  /** UTC ms; NaN in an empty log. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly currency: string;
  /** Rows without a user. */
  readonly anonymousRows: number;
  readonly types: readonly { readonly type: string; readonly rows: number }[];
  /** Local calendar months, `2011-06`. */
  readonly months: readonly {
    readonly month: string;
    readonly rows: number;
    readonly orders: number;
    readonly customers: number;
    readonly netMinor: number;
  }[];
  /** The longest runs of local days without any event inside the range, longest first; of three days or more. */
  readonly gaps: readonly { readonly firstDay: string; readonly lastDay: string; readonly days: number }[];
  /** Share of rows where an important column is empty. */
  readonly missing: readonly { readonly column: string; readonly share: number }[];
  /** Share of purchase lines that cost nothing. */
  readonly freeLineShare: number;
  /** Share of all purchase money spent by the one largest buyer. */
  readonly largestBuyerShare: number;
  readonly warnings: readonly Name[];
}

const WATCHED_COLUMNS = ['user_id', 'item_id', 'price_minor', 'order_id', 'session_id', 'quantity'] as const;

/** Reads the whole log once or twice; a few seconds for 20 M rows. */
export async function measureQuality(
  engine: Engine,
  source: EventSource,
  signal?: AbortSignal,
): Promise<DataQuality> {
  const day = localDaySql(source.zone, 'timestamp');
  const money = 'round(price_minor * coalesce(quantity, 1))::BIGINT';
  // An order is its id, or what one customer bought on one day where the shop has none: as features see it.
  const order = `coalesce('o' || order_id, 'd' || coalesce(user_id, '') || ' ' || ${day})`;
  const net = `sum(CASE type WHEN 'purchase' THEN ${money} WHEN 'refund' THEN -${money} END)`;
  const missing = WATCHED_COLUMNS.map((column) => `avg((${column} IS NULL)::INT) AS missing_${column}`).join(
    ', ',
  );
  const [totals] = await engine.rows<Record<string, number | null>>(
    `SELECT count(*) AS row_count, count(DISTINCT user_id) AS users, count(DISTINCT item_id) AS items,
            count(DISTINCT ${order}) FILTER (type = 'purchase') AS orders,
            count(DISTINCT user_id) FILTER (type = 'purchase') AS buyers,
            count(*) FILTER (user_id IS NULL) AS anonymous,
            coalesce(avg((price_minor = 0)::INT) FILTER (type = 'purchase'), 0) AS free_share, ${missing}
     FROM ${source.events}`,
    signal,
  );
  const types = await engine.rows<{ type: string; row_count: number }>(
    `SELECT type, count(*) AS row_count FROM ${source.events} GROUP BY type ORDER BY row_count DESC, type`,
    signal,
  );
  const months = await engine.rows<{
    month: string;
    row_count: number;
    orders: number;
    customers: number;
    net: number | null;
  }>(
    `SELECT strftime(DATE '1970-01-01' + (${day})::INT, '%Y-%m') AS month, count(*) AS row_count,
            count(DISTINCT ${order}) FILTER (type = 'purchase') AS orders,
            count(DISTINCT user_id) AS customers, (${net})::DOUBLE AS net
     FROM ${source.events} GROUP BY month ORDER BY month`,
    signal,
  );
  const gaps = await engine.rows<{ previous: number; day: number }>(
    `SELECT previous, day FROM (
       SELECT day, lag(day) OVER (ORDER BY day) AS previous FROM (SELECT DISTINCT ${day} AS day FROM ${source.events}))
     WHERE day - previous > 3 ORDER BY day - previous DESC, day LIMIT 5`,
    signal,
  );
  const [largest] = await engine.rows<{ share: number | null }>(
    `SELECT max(spent) / nullif(sum(spent), 0) AS share FROM (
       SELECT sum(${money})::DOUBLE AS spent FROM ${source.events}
       WHERE type = 'purchase' AND user_id IS NOT NULL GROUP BY user_id)`,
    signal,
  );
  const rows = totals.row_count ?? 0;
  const measured = {
    rows,
    users: totals.users ?? 0,
    items: totals.items ?? 0,
    orders: totals.orders ?? 0,
    buyers: totals.buyers ?? 0,
    firstMs: source.firstMs,
    lastMs: source.lastMs,
    currency: source.currency,
    anonymousRows: totals.anonymous ?? 0,
    types: types.map(({ type, row_count }) => ({ type, rows: row_count })),
    months: months.map((month) => ({
      month: month.month,
      rows: month.row_count,
      orders: month.orders,
      customers: month.customers,
      netMinor: month.net ?? 0,
    })),
    gaps: gaps.map(({ previous, day: next }) => ({
      firstDay: formatDay((previous + 1) * DAY_MS),
      lastDay: formatDay((next - 1) * DAY_MS),
      days: next - previous - 1,
    })),
    missing: WATCHED_COLUMNS.map((column) => ({ column, share: totals[`missing_${column}`] ?? 0 })),
    freeLineShare: totals.free_share ?? 0,
    largestBuyerShare: largest?.share ?? 0,
  };
  return { ...measured, warnings: warningsOf(measured) };
}

function warningsOf(q: Omit<DataQuality, 'warnings'>): Name[] {
  const warnings: Name[] = [];
  const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
  if (q.rows === 0) {
    return [name('the log is empty: import events first', '日志为空：请先导入事件')];
  }
  const days = (q.lastMs - q.firstMs) / DAY_MS;
  const anonymousShare = q.anonymousRows / q.rows;
  if (anonymousShare > 0.05) {
    warnings.push(
      name(
        `${percent(anonymousShare)} of rows have no user: they count for items and sales, but nobody can be predicted from them`,
        `${percent(anonymousShare)} 的行没有用户：计入商品与销售额，但无法用于预测任何客户`,
      ),
    );
  }
  if (q.orders === 0) {
    warnings.push(
      name('there are no purchases: nothing about buying can be learned', '没有购买事件：无法学习购买行为'),
    );
  }
  if (days < 60) {
    warnings.push(
      name(
        `only ${Math.round(days)} days of history (from ${formatDay(q.firstMs)}): use a short horizon`,
        `历史仅 ${Math.round(days)} 天（自 ${formatDay(q.firstMs)} 起）：请使用较短的预测期`,
      ),
    );
  } else if (days < 365) {
    warnings.push(
      name(
        `${Math.round(days)} days of history, less than a year: the season cannot be told from the trend`,
        `历史 ${Math.round(days)} 天，不足一年：无法区分季节与趋势`,
      ),
    );
  }
  const longestGapDays = q.gaps[0]?.days ?? 0;
  if (longestGapDays > 14) {
    warnings.push(
      name(
        `${longestGapDays} days in a row have no events: is a file missing?`,
        `连续 ${longestGapDays} 天没有事件：是否缺少文件？`,
      ),
    );
  }
  if (q.freeLineShare > 0.02) {
    warnings.push(
      name(
        `${percent(q.freeLineShare)} of purchase lines cost nothing: samples, gifts or missing prices`,
        `${percent(q.freeLineShare)} 的购买行价格为零：样品、赠品或价格缺失`,
      ),
    );
  }
  if (q.largestBuyerShare > 0.1) {
    warnings.push(
      name(
        `one customer makes ${percent(q.largestBuyerShare)} of the money: totals depend on that one`,
        `单个客户贡献 ${percent(q.largestBuyerShare)} 的金额：合计值受其左右`,
      ),
    );
  }
  return warnings;
}

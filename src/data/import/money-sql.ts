// SQL from decimal text to integer minor units, without ever passing through a binary fraction.
import { currencyDigits } from '../../core/money.ts';
import { sqlText } from '../engine.ts';
import type { CompiledExpression } from './expression-sql.ts';

/** Enough for a tenth of a thousandth of a cent; the 12 digits before the point leave room for minor units. */
const DECIMAL = 'DECIMAL(18, 6)';

const SYMBOLS = '[$€£¥￥₹₩元]';

/** What may stand around a number once the plain reading has failed: a currency sign, spaces, thousands separators. */
const DRESSED = {
  '.': `^(-?)\\s*(?:${SYMBOLS})?\\s*(-?\\d{1,3}(?:,\\d{3})*(?:\\.\\d+)?|-?\\d+(?:\\.\\d+)?)\\s*(?:${SYMBOLS})?$`,
  ',': `^(-?)\\s*(?:${SYMBOLS})?\\s*(-?\\d{1,3}(?:[. ]\\d{3})*(?:,\\d+)?|-?\\d+(?:,\\d+)?)\\s*(?:${SYMBOLS})?$`,
} as const;

/**
 * SQL giving a DECIMAL in major units, NULL where the text is no amount.
 *
 * @param decimal  the decimal mark of the file; the other mark separates thousands, so `12,50` under `.` is refused
 */
export function majorSql(value: CompiledExpression, decimal: '.' | ','): string {
  if (value.type !== 'text') return `TRY_CAST(${value.sql} AS ${DECIMAL})`;
  const text = value.sql;
  const number = `regexp_extract(${text}, '${DRESSED[decimal]}', 1) || regexp_extract(${text}, '${DRESSED[decimal]}', 2)`;
  const bare =
    decimal === '.'
      ? `replace(${number}, ',', '')`
      : `replace(replace(replace(${number}, '.', ''), ' ', ''), ',', '.')`;
  const dressed = `CASE WHEN regexp_full_match(${text}, '${DRESSED[decimal]}') THEN TRY_CAST(${bare} AS ${DECIMAL}) END`;
  return decimal === '.' ? `coalesce(TRY_CAST(${text} AS ${DECIMAL}), ${dressed})` : dressed;
}

/** Where the money of a file comes from and in what it is kept. */
export interface MoneyPlan {
  /** The lake's currency. */
  readonly currency: string;
  /** Other currencies that may come, and what one unit is worth in the lake's, as decimal text. */
  readonly exchange: Readonly<Record<string, string>>;
}

/**
 * SQL giving minor units of the lake's currency (BIGINT), halves rounded away from zero; NULL when the amount is too large.
 *
 * @param major     SQL of a DECIMAL(18, 6)
 * @param currency  SQL of the row's currency; undefined when every row is in the lake's
 */
export function minorSql(major: string, currency: string | undefined, plan: MoneyPlan): string {
  const digits = currencyDigits(plan.currency);
  // The product must stay within the 18 digits of the engine's widest fast decimal.
  const own = `CASE WHEN abs(${major}) < ${10 ** (12 - digits)} THEN CAST(${major} * ${10 ** digits} AS BIGINT) END`;
  const rates = Object.entries(plan.exchange).filter(([from]) => from !== plan.currency);
  if (currency === undefined || rates.length === 0) return own;
  const branches = rates.map(
    ([from, rate]) =>
      `WHEN ${sqlText(from)} THEN CASE WHEN abs(${major}) < 1000000000 THEN TRY_CAST(${major} * CAST(${sqlText(rate)} AS DECIMAL(18, 9)) * ${10 ** digits} AS BIGINT) END`,
  );
  return `CASE ${currency} ${branches.join(' ')} ELSE ${own} END`;
}

// An audience by rule: which predicted customers satisfy an expression over their prediction and their features.
import { AppError } from '../core/errors.ts';
import { type Column, findColumn } from '../core/frame.ts';
import { minorPerMajor } from '../core/money.ts';
import type { Predictions } from './batch.ts';
import { type ReadCell, ruleFor } from './rule.ts';

/**
 * The rows for whom the rule holds, in the given order.
 *
 * A rule speaks of `value`, `low`, `high`, `tier`, `rank` and of any feature, money in whole currency units; a missing
 * value satisfies no comparison. Written like `value >= 0.6 and (revenue_90d > 500 or country = 'Germany')`.
 *
 * @param ranked row numbers, best first
 * @throws AppError USAGE for a rule that cannot be read, naming what it may speak of
 */
export function audienceRows(rule: string, predictions: Predictions, ranked: readonly number[]): number[] {
  const holds = ruleFor('--segment', rule, readerOf(predictions, ranked));
  return ranked.filter(holds);
}

function readerOf(predictions: Predictions, ranked: readonly number[]): (name: string) => ReadCell {
  const { forecast, frame, perUnit } = predictions;
  const amounts = { value: forecast.value, low: forecast.low, high: forecast.high };
  return (name) => {
    if (name === 'rank') {
      const rank = new Map(ranked.map((row, i) => [row, i + 1]));
      return (row) => rank.get(row) ?? null;
    }
    if (name === 'tier') return (row) => forecast.tier?.[row] ?? null;
    if (Object.hasOwn(amounts, name)) {
      const values = amounts[name as keyof typeof amounts];
      return (row) => (values ? values[row] / perUnit : null);
    }
    const column = findColumn(frame, name);
    if (!column || (column.kind !== 'number' && column.kind !== 'category')) {
      const known = frame.columns.filter(({ kind }) => kind === 'number' || kind === 'category');
      throw new AppError(
        'USAGE',
        `--segment: expected value, low, high, tier, rank or a feature (${known.map((one) => one.name).join(', ')}), got "${name}"`,
      );
    }
    return columnReader(column, frame.currency);
  };
}

function columnReader(column: Extract<Column, { kind: 'number' | 'category' }>, currency: string): ReadCell {
  if (column.kind === 'category') return (row) => column.levels[column.codes[row]] ?? null;
  const per = column.unit === 'money' ? minorPerMajor(currency) : 1;
  return (row) => (Number.isNaN(column.values[row]) ? null : column.values[row] / per);
}

// An audience by rule: which predicted customers satisfy an expression over their prediction and their features.
import { AppError } from '../core/errors.ts';
import { type Column, findColumn } from '../core/frame.ts';
import { minorPerMajor } from '../core/money.ts';
import { type Expression, parseExpression } from '../data/import/expression.ts';
import type { Predictions } from './batch.ts';

type Value = number | string | boolean | null;
type Read = (row: number) => Value;

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
  let expression: Expression;
  try {
    expression = parseExpression(rule);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    throw new AppError('USAGE', `--segment: ${why}`, {}, cause);
  }
  const holds = compile(expression, readerOf(predictions, ranked));
  return ranked.filter((row) => holds(row) === true);
}

function readerOf(predictions: Predictions, ranked: readonly number[]): (name: string) => Read {
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

function columnReader(column: Extract<Column, { kind: 'number' | 'category' }>, currency: string): Read {
  if (column.kind === 'category') return (row) => column.levels[column.codes[row]] ?? null;
  const per = column.unit === 'money' ? minorPerMajor(currency) : 1;
  return (row) => (Number.isNaN(column.values[row]) ? null : column.values[row] / per);
}

function compile(expression: Expression, read: (name: string) => Read): Read {
  const inner = (node: Expression) => compile(node, read);
  switch (expression.kind) {
    case 'text':
    case 'boolean': {
      const { value } = expression;
      return () => value;
    }
    case 'number': {
      const value = Number(expression.value);
      return () => value;
    }
    case 'missing':
      return () => null;
    case 'column':
      return read(expression.name);
    case 'unary': {
      const of = inner(expression.of);
      if (expression.op === 'not') return (row) => of(row) !== true;
      return (row) => negated(of(row));
    }
    case 'in': {
      const of = inner(expression.of);
      const among = expression.among.map(inner);
      return (row) => {
        const value = of(row);
        return value !== null && among.some((one) => one(row) === value);
      };
    }
    case 'binary': {
      const left = inner(expression.left);
      const right = inner(expression.right);
      const { op } = expression;
      if (op === 'and') return (row) => left(row) === true && right(row) === true;
      if (op === 'or') return (row) => left(row) === true || right(row) === true;
      return (row) => apply(op, left(row), right(row));
    }
    case 'call':
      throw new AppError('USAGE', `--segment: functions are not used in rules, got "${expression.name}"`);
  }
}

const negated = (value: Value): Value => (typeof value === 'number' ? -value : null);

function apply(op: string, left: Value, right: Value): Value {
  if (left === null || right === null) return op.match(/[<>=]/) ? false : null;
  switch (op) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
  }
  if (typeof left !== typeof right || typeof left === 'boolean') return false;
  switch (op) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
  if (typeof left !== 'number' || typeof right !== 'number') return null;
  switch (op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      return right === 0 ? null : left / right;
  }
}

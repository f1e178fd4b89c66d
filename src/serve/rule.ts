// Rules people write over rows, such as `value >= 0.6 and country = 'Germany'`: read once, asked row by row.
import { AppError } from '../core/errors.ts';
import { type Expression, parseExpression } from '../data/import/expression.ts';

export type Value = number | string | boolean | null;
export type ReadCell = (row: number) => Value;

interface Compiling {
  /** The option the rule was given to, for messages. */
  readonly option: string;
  /** @throws AppError USAGE for a name a rule may not speak of */
  readonly read: (name: string) => ReadCell;
  /** Sees both sides of every comparison, to refuse one that can never hold. */
  readonly check?: (left: Expression, right: Expression) => void;
}

/**
 * Whether the rule holds for a row. A missing value satisfies no comparison.
 *
 * @throws AppError USAGE for a rule that cannot be read
 */
export function ruleFor(
  option: string,
  rule: string,
  read: Compiling['read'],
  check?: Compiling['check'],
): (row: number) => boolean {
  let expression: Expression;
  try {
    expression = parseExpression(rule);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    throw new AppError('USAGE', `${option}: ${why}`, {}, cause);
  }
  const holds = compile(expression, { option, read, ...(check && { check }) });
  return (row) => holds(row) === true;
}

function compile(expression: Expression, by: Compiling): ReadCell {
  const inner = (node: Expression) => compile(node, by);
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
      return by.read(expression.name);
    case 'unary': {
      const of = inner(expression.of);
      if (expression.op === 'not') return (row) => of(row) !== true;
      return (row) => negated(of(row));
    }
    case 'in': {
      for (const one of expression.among) by.check?.(expression.of, one);
      const of = inner(expression.of);
      const among = expression.among.map(inner);
      return (row) => {
        const value = of(row);
        return value !== null && among.some((one) => one(row) === value);
      };
    }
    case 'binary': {
      by.check?.(expression.left, expression.right);
      const left = inner(expression.left);
      const right = inner(expression.right);
      const { op } = expression;
      if (op === 'and') return (row) => left(row) === true && right(row) === true;
      if (op === 'or') return (row) => left(row) === true || right(row) === true;
      return (row) => apply(op, left(row), right(row));
    }
    case 'call':
      throw new AppError('USAGE', `${by.option}: functions are not used in rules, got "${expression.name}"`);
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

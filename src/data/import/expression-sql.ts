// Turns a mapping expression into DuckDB SQL that cannot fail on any row: what does not convert is NULL.
import { AppError } from '../../core/errors.ts';
import { sqlText } from '../engine.ts';
import type { Expression } from './expression.ts';

export type ExpressionType = 'text' | 'number' | 'boolean';

export interface CompiledExpression {
  readonly sql: string;
  readonly type: ExpressionType;
}

/** Resolves a column of the file to SQL of its text, NULL where the cell is empty. */
export type ColumnResolver = (name: string) => string;

type Arg = CompiledExpression;

/** A function of the language: what it takes, what it gives, and its SQL. */
interface FunctionRow {
  readonly args: readonly [least: number, most: number];
  readonly takes: ExpressionType | 'any';
  readonly gives: ExpressionType | 'same';
  readonly sql: (args: readonly string[], given: readonly Arg[]) => string;
}

const row = (
  args: readonly [number, number],
  takes: FunctionRow['takes'],
  gives: FunctionRow['gives'],
  sql: FunctionRow['sql'],
): FunctionRow => ({ args, takes, gives, sql });

const MANY = 40;

/** Every function a mapping may call. `if` and the conversions stand apart, in `compileCall`. */
const FUNCTIONS: Readonly<Record<string, FunctionRow>> = {
  lower: row([1, 1], 'text', 'text', ([a]) => `lower(${a})`),
  upper: row([1, 1], 'text', 'text', ([a]) => `upper(${a})`),
  trim: row([1, 1], 'text', 'text', ([a]) => `trim(${a})`),
  length: row([1, 1], 'text', 'number', ([a]) => `CAST(length(${a}) AS DOUBLE)`),
  concat: row([1, MANY], 'text', 'text', (args) => `concat(${args.join(', ')})`),
  join: row([2, MANY], 'text', 'text', (args) => `concat_ws(${args.join(', ')})`),
  replace: row([3, 3], 'text', 'text', ([a, b, c]) => `replace(${a}, ${b}, ${c})`),
  starts_with: row([2, 2], 'text', 'boolean', ([a, b]) => `coalesce(starts_with(${a}, ${b}), false)`),
  ends_with: row([2, 2], 'text', 'boolean', ([a, b]) => `coalesce(ends_with(${a}, ${b}), false)`),
  contains: row([2, 2], 'text', 'boolean', ([a, b]) => `coalesce(contains(${a}, ${b}), false)`),
  hash: row(
    [1, MANY],
    'text',
    'text',
    (args) => `md5(concat_ws(chr(31), ${args.map((a) => `coalesce(${a}, '')`).join(', ')}))`,
  ),
  coalesce: row([1, MANY], 'any', 'same', (args) => `coalesce(${args.join(', ')})`),
  is_missing: row([1, 1], 'any', 'boolean', ([a]) => `(${a} IS NULL)`),
  abs: row([1, 1], 'number', 'number', ([a]) => `abs(${a})`),
  floor: row([1, 1], 'number', 'number', ([a]) => `floor(${a})`),
  ceil: row([1, 1], 'number', 'number', ([a]) => `ceil(${a})`),
  min: row([2, MANY], 'number', 'number', (args) => `least(${args.join(', ')})`),
  max: row([2, MANY], 'number', 'number', (args) => `greatest(${args.join(', ')})`),
};

export const FUNCTION_NAMES: readonly string[] = [
  ...Object.keys(FUNCTIONS),
  'if',
  'number',
  'parameter',
  'round',
  'split',
  'substr',
  'text',
].sort();

/**
 * Compiles a tree. Text where a number is needed is read as one; a number where text is needed is written out.
 *
 * @throws AppError BAD_MAPPING for an unknown function, a wrong count of arguments, or a condition that is none
 */
export function compileExpression(expression: Expression, column: ColumnResolver): CompiledExpression {
  const compile = (node: Expression): CompiledExpression => {
    switch (node.kind) {
      case 'text':
        return { sql: sqlText(node.value), type: 'text' };
      case 'number':
        return { sql: `CAST(${node.value} AS DOUBLE)`, type: 'number' };
      case 'boolean':
        return { sql: String(node.value), type: 'boolean' };
      case 'missing':
        return { sql: 'CAST(NULL AS VARCHAR)', type: 'text' };
      case 'column':
        return { sql: column(node.name), type: 'text' };
      case 'unary': {
        if (node.op === '-') return { sql: `(-${asNumber(compile(node.of))})`, type: 'number' };
        return { sql: `(NOT ${asBoolean(compile(node.of), 'not')})`, type: 'boolean' };
      }
      case 'binary':
        return compileBinary(node.op, compile(node.left), compile(node.right));
      case 'in': {
        const tests = node.among.map((other) => compileBinary('=', compile(node.of), compile(other)).sql);
        return { sql: tests.length === 0 ? 'false' : `(${tests.join(' OR ')})`, type: 'boolean' };
      }
      case 'call':
        return compileCall(node.name, node.args, compile);
    }
  };
  return compile(expression);
}

function compileBinary(op: string, left: Arg, right: Arg): CompiledExpression {
  if (op === 'and' || op === 'or') {
    return {
      sql: `(${asBoolean(left, op)} ${op.toUpperCase()} ${asBoolean(right, op)})`,
      type: 'boolean',
    };
  }
  if (op === '/') {
    return { sql: `(${asNumber(left)} / nullif(${asNumber(right)}, 0))`, type: 'number' };
  }
  if (op === '+' || op === '-' || op === '*') {
    return { sql: `(${asNumber(left)} ${op} ${asNumber(right)})`, type: 'number' };
  }
  const sqlOp = op === '!=' ? '<>' : op;
  const numeric = left.type === 'number' || right.type === 'number';
  const sides =
    left.type === 'boolean' && right.type === 'boolean'
      ? [left.sql, right.sql]
      : numeric
        ? [asNumber(left), asNumber(right)]
        : [asText(left), asText(right)];
  // A comparison with an empty cell is false, both ways, so that `not` means what it says.
  return { sql: `coalesce(${sides[0]} ${sqlOp} ${sides[1]}, false)`, type: 'boolean' };
}

function compileCall(
  name: string,
  args: readonly Expression[],
  compile: (node: Expression) => CompiledExpression,
): CompiledExpression {
  const given = args.map(compile);
  const wants = (least: number, most: number) => {
    if (given.length >= least && given.length <= most) return;
    const range = least === most ? String(least) : `${least} to ${most}`;
    throw new AppError('BAD_MAPPING', `expected ${range} arguments of ${name}(), got ${given.length}`);
  };
  /** An argument that must be written out in the mapping, so that it can be checked before any row is read. */
  const constant = (index: number, kind: 'number' | 'text') => {
    const arg = args[index];
    if (arg?.kind !== kind)
      throw new AppError('BAD_MAPPING', `expected a written ${kind} as argument ${index + 1} of ${name}()`);
    return arg.value;
  };
  if (name === 'if') {
    wants(3, 3);
    const [condition, yes, no] = given;
    const type = yes.type === no.type ? yes.type : 'text';
    return {
      sql: `CASE WHEN ${asBoolean(condition, 'if')} THEN ${as(type, yes)} ELSE ${as(type, no)} END`,
      type,
    };
  }
  if (name === 'number') {
    wants(1, 1);
    return { sql: asNumber(given[0]), type: 'number' };
  }
  if (name === 'text') {
    wants(1, 1);
    return { sql: asText(given[0]), type: 'text' };
  }
  if (name === 'round') {
    wants(1, 2);
    const digits = given.length > 1 ? Number(constant(1, 'number')) : 0;
    return { sql: `round(${asNumber(given[0])}, ${Math.min(12, Math.floor(digits))})`, type: 'number' };
  }
  if (name === 'substr') {
    wants(2, 3);
    const from = Math.max(1, Math.floor(Number(constant(1, 'number'))));
    const length = given.length > 2 ? `, ${Math.floor(Number(constant(2, 'number')))}` : '';
    return { sql: `substr(${asText(given[0])}, ${from}${length})`, type: 'text' };
  }
  if (name === 'split') {
    wants(3, 3);
    const part = Math.max(1, Math.floor(Number(constant(2, 'number'))));
    return {
      sql: `nullif(split_part(${asText(given[0])}, ${sqlText(constant(1, 'text'))}, ${part}), '')`,
      type: 'text',
    };
  }
  if (name === 'parameter') {
    wants(2, 2);
    return { sql: parameterSql(asText(given[0]), constant(1, 'text')), type: 'text' };
  }
  const entry = FUNCTIONS[name];
  if (!entry) {
    throw new AppError(
      'BAD_MAPPING',
      `expected one of the functions ${FUNCTION_NAMES.join(', ')}; got "${name.slice(0, 40)}"`,
    );
  }
  wants(entry.args[0], entry.args[1]);
  const same = given.every((arg) => arg.type === given[0].type) ? given[0].type : 'text';
  const takes = entry.takes === 'any' ? same : entry.takes;
  return {
    sql: entry.sql(
      given.map((arg) => as(takes, arg)),
      given,
    ),
    type: entry.gives === 'same' ? same : entry.gives,
  };
}

/** The value of one key in a JSON list of `{ key, value: { string_value | int_value | … } }`, the shape of GA4 parameters. */
function parameterSql(json: string, key: string): string {
  const index = `list_position(json_extract_string(${json}, '$[*].key'), ${sqlText(key)})`;
  const kinds = ['string_value', 'int_value', 'double_value', 'float_value'].map(
    (kind) => `json_extract_string(${json}, '$[' || (${index} - 1) || '].value.${kind}')`,
  );
  return `coalesce(${kinds.join(', ')})`;
}

function as(type: ExpressionType, arg: Arg): string {
  if (type === 'number') return asNumber(arg);
  return type === 'text' ? asText(arg) : asBoolean(arg, 'a condition');
}

export function asNumber(arg: Arg): string {
  if (arg.type === 'number') return arg.sql;
  return arg.type === 'boolean' ? `CAST(${arg.sql} AS DOUBLE)` : `TRY_CAST(${arg.sql} AS DOUBLE)`;
}

export function asText(arg: Arg): string {
  if (arg.type === 'text') return arg.sql;
  // Whole numbers are written without the ".0" a DOUBLE would carry into an id.
  if (arg.type === 'number') {
    return `CASE WHEN ${arg.sql} = trunc(${arg.sql}) AND abs(${arg.sql}) < 1e15 THEN CAST(CAST(${arg.sql} AS BIGINT) AS VARCHAR) ELSE CAST(${arg.sql} AS VARCHAR) END`;
  }
  return `CAST(${arg.sql} AS VARCHAR)`;
}

export function asBoolean(arg: Arg, where: string): string {
  if (arg.type === 'boolean') return arg.sql;
  throw new AppError(
    'BAD_MAPPING',
    `expected a condition for ${where} (such as Quantity < 0), got a ${arg.type}`,
  );
}

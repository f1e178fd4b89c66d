// An event filter as SQL and as a predicate over a user's events; a missing field satisfies no comparison but `missing`.
import { AppError } from '../../core/errors.ts';
import type { ZoneOffsets } from '../../core/time.ts';
import { sqlText } from '../engine.ts';
import type { Condition, EventFilter } from './definition.ts';
import { fieldNamed } from './fields.ts';
import { typeCode } from './user-events.ts';

const OPERATORS = {
  equal: '=',
  not_equal: '<>',
  less: '<',
  at_most: '<=',
  more: '>',
  at_least: '>=',
} as const;

/** The values of a condition on the field's own scale; empty for `present` and `missing`. */
function operands({ field, is, value }: Condition): readonly (string | number)[] {
  if (is === 'present' || is === 'missing') return [];
  const values = Array.isArray(value) ? value : value === undefined ? [] : [value as string | number];
  const known = fieldNamed(field);
  const wanted = known.kind === 'number' ? 'number' : 'string';
  const ordered = is !== 'equal' && is !== 'not_equal' && is !== 'one_of';
  if (values.length === 0 || (is !== 'one_of' && values.length !== 1))
    throw new AppError(
      'BAD_DEFINITION',
      `condition on "${field}": "${is}" takes one value, got ${values.length}`,
    );
  if (known.kind === 'text' && ordered)
    throw new AppError(
      'BAD_DEFINITION',
      `condition on "${field}": a text has no order, so "${is}" cannot hold`,
    );
  return values.map((operand) => {
    if (typeof operand !== wanted || Number.isNaN(operand))
      throw new AppError(
        'BAD_DEFINITION',
        `condition on "${field}": expected a ${wanted}, got ${typeof operand}`,
      );
    return known.kind === 'number' ? Math.round((operand as number) * known.scale) : operand;
  });
}

const literal = (operand: string | number): string =>
  typeof operand === 'number' ? String(operand) : sqlText(operand);

function conditionSql(condition: Condition, zone: ZoneOffsets): string {
  const left = `(${fieldNamed(condition.field).sql(zone)})`;
  const right = operands(condition).map(literal);
  switch (condition.is) {
    case 'present':
      return `${left} IS NOT NULL`;
    case 'missing':
      return `${left} IS NULL`;
    case 'one_of':
      return `${left} IN (${right.join(', ')})`;
    default:
      return `${left} ${OPERATORS[condition.is]} ${right[0]}`;
  }
}

/** A boolean over `e` (and `c`), never NULL. */
export function filterSql({ types, where = [] }: EventFilter, zone: ZoneOffsets): string {
  const parts = where.map((condition) => `coalesce(${conditionSql(condition, zone)}, false)`);
  if (types) {
    parts.unshift(
      types.length === 1 ? `e.type = ${sqlText(types[0])}` : `e.type IN (${types.map(sqlText).join(', ')})`,
    );
  }
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** A user's events as a filter needs them: every field is read once, whoever asks. */
export interface FilteredEvents {
  readonly types: Uint8Array;
  /** A number is NaN, a text null where it is missing. */
  field(name: string): ArrayLike<number | string | null>;
}

/** Whether the event at a place passes. */
type Passes = (at: number) => boolean;

/**
 * The filter, to be opened on one user's events after another.
 *
 * @throws AppError BAD_DEFINITION
 */
export function filterPredicate(filter: EventFilter): (events: FilteredEvents) => Passes {
  const wanted = filter.types && new Set(filter.types.map(typeCode));
  const tests = (filter.where ?? []).map(conditionTest);
  return (events) => {
    const passes = tests.map((test) => test(events));
    const { types } = events;
    return (at) => (wanted === undefined || wanted.has(types[at])) && passes.every((pass) => pass(at));
  };
}

function conditionTest(condition: Condition): (events: FilteredEvents) => Passes {
  const { field, is } = condition;
  const right = operands(condition);
  return (events) => {
    const values = events.field(field);
    const isMissing = (at: number): boolean => values[at] === null || Number.isNaN(values[at]);
    if (is === 'missing') return isMissing;
    return (at) => !isMissing(at) && holds(is, values[at] as string | number, right);
  };
}

function holds(is: Condition['is'], left: string | number, right: readonly (string | number)[]): boolean {
  switch (is) {
    case 'missing':
      return false;
    case 'present':
      return true;
    case 'one_of':
      return right.includes(left);
    case 'equal':
      return left === right[0];
    case 'not_equal':
      return left !== right[0];
    case 'less':
      return left < right[0];
    case 'at_most':
      return left <= right[0];
    case 'more':
      return left > right[0];
    case 'at_least':
      return left >= right[0];
  }
}

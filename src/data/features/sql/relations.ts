// Aggregates as SQL: which small relations they read, how each is made from the log, and the expression over it.
import { invariant } from '../../../core/errors.ts';
import type { ZoneOffsets } from '../../../core/time.ts';
import { type Aggregate, filterKey } from '../aggregate.ts';
import type { EventFilter } from '../definition.ts';
import { fieldNamed } from '../fields.ts';
import { filterSql } from '../filter.ts';

/** Rows `(u, t, …)` made once for all cut-offs; every aggregate of it is one filtered expression over them. */
export interface Relation {
  readonly key: string;
  readonly aggregates: readonly Aggregate[];
  /** Text fields whose codes it stores: each needs a dictionary table `(v, code)`, named by the caller. */
  readonly texts: readonly string[];
  /** Makes the rows. */
  select(log: LogSql, dictionary: (field: string) => string): string;
  /** DOUBLE, never NULL. */
  value(aggregate: Aggregate, asOfMs: number): string;
}

/** Reads the log with user codes: columns over `e` (events) and `c` (catalogue), rows where `where` holds. */
export interface LogSql {
  readonly zone: ZoneOffsets;
  /** SELECT of `u`, `t` and the given columns; `joins` may add tables. */
  read(columns: readonly string[], where: string, joins?: string): string;
}

/** Never: stands for "there is no earlier one". */
const NEVER = '-9000000000000000000';

/** Codes of a text field sit under the timestamp in one BIGINT, so the greatest pair is one max. */
export const CODE_LIMIT = 2 ** 21;

const BY_OP: Readonly<
  Record<Aggregate['op'], 'lines' | 'edge' | 'distinct' | 'gaps' | 'first_day' | 'sessions' | 'answers'>
> = {
  count: 'lines',
  present: 'lines',
  sum: 'lines',
  min: 'lines',
  max: 'lines',
  last: 'edge',
  first: 'edge',
  distinct: 'distinct',
  gap_sum: 'gaps',
  gap_squares: 'gaps',
  first_day_sum: 'first_day',
  sessions: 'sessions',
  session_ms: 'sessions',
  unanswered: 'answers',
};

/** Sorts aggregates into the relations they read; what needs only plain filtered aggregates shares one. */
export function relationsOf(aggregates: readonly Aggregate[]): Relation[] {
  const groups = new Map<string, Aggregate[]>();
  for (const aggregate of aggregates) {
    const key = relationKey(aggregate);
    const group = groups.get(key);
    if (group) group.push(aggregate);
    else groups.set(key, [aggregate]);
  }
  return [...groups].map(([key, group]) => makeRelation(key, group));
}

function relationKey(aggregate: Aggregate): string {
  const kind = kindOf(aggregate);
  if (kind === 'lines') return kind;
  const { field = '', filter, answer } = aggregate;
  return [kind, field, filterKey(filter), answer ? filterKey(answer) : ''].join('|');
}

function kindOf({ op, field }: Aggregate) {
  const kind = BY_OP[op];
  return kind === 'edge' && fieldNamed(field ?? '').kind === 'text' ? 'lines' : kind;
}

function makeRelation(key: string, aggregates: readonly Aggregate[]): Relation {
  switch (kindOf(aggregates[0])) {
    case 'lines':
      return lines(key, aggregates);
    case 'edge':
      return edge(key, aggregates);
    case 'distinct':
      return distinct(key, aggregates);
    case 'gaps':
      return gaps(key, aggregates);
    case 'first_day':
      return firstDay(key, aggregates);
    case 'sessions':
      return sessions(key, aggregates);
    case 'answers':
      return answers(key, aggregates);
  }
}

/** `t` in the aggregate's window; the upper end `t <= asOf` is in the query's WHERE already. */
function windowSql({ lookbackMs, untilMs }: Aggregate, asOfMs: number): string[] {
  return [
    ...(lookbackMs === undefined ? [] : [`t > ${asOfMs - lookbackMs}`]),
    ...(untilMs ? [`t <= ${asOfMs - untilMs}`] : []),
  ];
}

function filtered(expression: string, conditions: readonly string[]): string {
  return conditions.length === 0 ? expression : `${expression} FILTER (WHERE ${conditions.join(' AND ')})`;
}

const orZero = (expression: string): string => `CAST(coalesce(${expression}, 0) AS DOUBLE)`;
const orNaN = (expression: string): string => `coalesce(CAST(${expression} AS DOUBLE), 'NaN'::DOUBLE)`;

/** Plain aggregates: one narrow row per event, with a boolean column per filter and an integer column per field. */
function lines(key: string, aggregates: readonly Aggregate[]): Relation {
  const filters = new Map<string, { column: string; filter: EventFilter }>();
  const fields = new Map<string, string>();
  for (const { filter, field } of aggregates) {
    const k = filterKey(filter);
    if (!filters.has(k)) filters.set(k, { column: `f${filters.size}`, filter });
    if (field && !fields.has(field)) fields.set(field, `n${fields.size}`);
  }
  const texts = [...fields.keys()].filter(
    (field) =>
      fieldNamed(field).kind === 'text' && aggregates.some((a) => a.field === field && a.op !== 'present'),
  );
  const isAlways = (filter: EventFilter) => !filter.types && !filter.where?.length;
  return {
    key,
    aggregates,
    texts,
    select({ zone, read }, dictionary) {
      const columns: string[] = [];
      const joins: string[] = [];
      for (const { column, filter } of filters.values()) {
        if (!isAlways(filter)) columns.push(`${filterSql(filter, zone)} AS ${column}`);
      }
      for (const [field, column] of fields) {
        const sql = fieldNamed(field).sql(zone);
        if (!texts.includes(field)) columns.push(`${sql} AS ${column}`);
        else {
          columns.push(`d_${column}.code AS ${column}`);
          joins.push(`LEFT JOIN ${dictionary(field)} AS d_${column} ON d_${column}.v = ${sql}`);
        }
      }
      const kept = [...filters.values()].map(({ filter }) => `(${filterSql(filter, zone)})`);
      const where = [...filters.values()].some(({ filter }) => isAlways(filter)) ? 'true' : kept.join(' OR ');
      return read(columns, where, joins.join(' '));
    },
    value(aggregate, asOfMs) {
      const entry = filters.get(filterKey(aggregate.filter));
      invariant(entry, 'a filter of this relation');
      const conditions = [...(isAlways(entry.filter) ? [] : [entry.column]), ...windowSql(aggregate, asOfMs)];
      const column = fields.get(aggregate.field ?? '') ?? '';
      switch (aggregate.op) {
        case 'count':
          return orZero(filtered('count(*)', conditions));
        case 'present':
          return orZero(filtered(`count(${column})`, conditions));
        case 'sum':
          return orZero(filtered(`sum(${column})`, conditions));
        case 'last':
          return orNaN(
            `((${filtered(`max(t * ${CODE_LIMIT} + ${column})`, conditions)}) % ${CODE_LIMIT} + ${CODE_LIMIT}) % ${CODE_LIMIT}`,
          );
        case 'first':
          return orNaN(
            `((${filtered(`min(t * ${CODE_LIMIT} + ${column})`, conditions)}) % ${CODE_LIMIT} + ${CODE_LIMIT}) % ${CODE_LIMIT}`,
          );
        default:
          return orNaN(filtered(`${aggregate.op}(${column})`, conditions));
      }
    },
  };
}

/** Each moment once with its greatest (`last`) or least (`first`) value, so that arg_max meets no ties. */
function edge(key: string, aggregates: readonly Aggregate[]): Relation {
  const { field = '', filter } = aggregates[0];
  return {
    key,
    aggregates,
    texts: [],
    select: ({ zone, read }) =>
      `SELECT u, t, max(v) AS high, min(v) AS low FROM (${read(
        [`${fieldNamed(field).sql(zone)} AS v`],
        filterSql(filter, zone),
      )}) WHERE v IS NOT NULL GROUP BY u, t`,
    value: (aggregate, asOfMs) =>
      orNaN(
        filtered(
          aggregate.op === 'last' ? 'arg_max(high, t)' : 'arg_min(low, t)',
          windowSql(aggregate, asOfMs),
        ),
      ),
  };
}

/** Every moment a value was met, with the moment before it: the first in a window has its predecessor outside. */
function distinct(key: string, aggregates: readonly Aggregate[]): Relation {
  const { field = '', filter } = aggregates[0];
  return {
    key,
    aggregates,
    texts: [],
    select: ({ zone, read }) =>
      `SELECT u, t, coalesce(lag(t) OVER (PARTITION BY u, k ORDER BY t), ${NEVER}) AS prev FROM (SELECT DISTINCT u, t, k FROM (${read(
        [`${fieldNamed(field).sql(zone)} AS k`],
        filterSql(filter, zone),
      )}) WHERE k IS NOT NULL)`,
    value: (aggregate, asOfMs) =>
      orZero(
        filtered('count(*)', [
          ...windowSql(aggregate, asOfMs),
          aggregate.lookbackMs === undefined ? `prev = ${NEVER}` : `prev <= ${asOfMs - aggregate.lookbackMs}`,
        ]),
      ),
  };
}

/** The moment each local day was first met, with the gap to the day met before it. */
function gaps(key: string, aggregates: readonly Aggregate[]): Relation {
  const { filter } = aggregates[0];
  return {
    key,
    aggregates,
    texts: [],
    select: ({ zone, read }) =>
      `SELECT u, t, coalesce(day - lag(day) OVER (PARTITION BY u ORDER BY t), 0) AS gap FROM (SELECT u, day, min(t) AS t FROM (${read(
        [`${fieldNamed('day').sql(zone)} AS day`],
        filterSql(filter, zone),
      )}) GROUP BY u, day)`,
    value: (aggregate, asOfMs) =>
      orZero(
        filtered(aggregate.op === 'gap_sum' ? 'sum(gap)' : 'sum(gap * gap)', windowSql(aggregate, asOfMs)),
      ),
  };
}

/** The events of the local day of the user's first event. */
function firstDay(key: string, aggregates: readonly Aggregate[]): Relation {
  const { field = '', filter } = aggregates[0];
  return {
    key,
    aggregates,
    texts: [],
    select: ({ zone, read }) =>
      `SELECT u, t, v FROM (SELECT *, first_value(day) OVER (PARTITION BY u ORDER BY t) AS first_day FROM (${read(
        [`${fieldNamed('day').sql(zone)} AS day`, `${fieldNamed(field).sql(zone)} AS v`],
        filterSql(filter, zone),
      )})) WHERE day = first_day`,
    value: (aggregate, asOfMs) => orZero(filtered('sum(v)', windowSql(aggregate, asOfMs))),
  };
}

/** Every moment with the silence before it. */
function sessions(key: string, aggregates: readonly Aggregate[]): Relation {
  const { filter } = aggregates[0];
  return {
    key,
    aggregates,
    texts: [],
    select: ({ zone, read }) =>
      `SELECT u, t, t - lag(t) OVER (PARTITION BY u ORDER BY t) AS silence FROM (SELECT DISTINCT u, t FROM (${read(
        [],
        filterSql(filter, zone),
      )}))`,
    value(aggregate, asOfMs) {
      const window = windowSql(aggregate, asOfMs);
      return aggregate.op === 'sessions'
        ? orZero(filtered('count(*)', [...window, `(silence IS NULL OR silence > ${aggregate.gapMs})`]))
        : orZero(filtered('sum(silence)', [...window, `silence <= ${aggregate.gapMs}`]));
    },
  };
}

/** Every asking event with the moment of the first answer at or after it. */
function answers(key: string, aggregates: readonly Aggregate[]): Relation {
  const { filter, answer } = aggregates[0];
  invariant(answer, 'an unanswered aggregate has an answer');
  return {
    key,
    aggregates,
    texts: [],
    select({ zone, read }) {
      const asks = filterSql(filter, zone);
      const replies = filterSql(answer, zone);
      return `SELECT u, t, coalesce(next, -(${NEVER})) AS next FROM (SELECT u, t, asks, min(CASE WHEN replies THEN t END) OVER (PARTITION BY u ORDER BY t RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next FROM (${read(
        [`${asks} AS asks`, `${replies} AS replies`],
        `(${asks}) OR (${replies})`,
      )})) WHERE asks`;
    },
    value: (aggregate, asOfMs) =>
      orZero(filtered('count(*)', [...windowSql(aggregate, asOfMs), `next > ${asOfMs}`])),
  };
}

/**
 * How far before a moment the relation's rows matter: its longest look-back, and the silence before a session at its
 * edge. `undefined` when all history does. Dropping what is older changes nothing: a missing predecessor and one
 * outside the window count the same.
 */
export function reachMs({ aggregates }: Relation): number | undefined {
  let reach = 0;
  for (const { lookbackMs, gapMs = 0 } of aggregates) {
    if (lookbackMs === undefined) return undefined;
    reach = Math.max(reach, lookbackMs + gapMs);
  }
  return reach;
}

/** One bounded SELECT: every aggregate of the relation at one moment, one row per user that has any. */
export function selectAt(relation: Relation, table: string, asOfMs: number): string {
  const values = relation.aggregates.map((aggregate, i) => `${relation.value(aggregate, asOfMs)} AS a${i}`);
  const lookbacks = relation.aggregates.map(({ lookbackMs }) => lookbackMs ?? Number.POSITIVE_INFINITY);
  const longest = Math.max(...lookbacks);
  const bound = Number.isFinite(longest) ? ` AND t > ${asOfMs - longest}` : '';
  return `SELECT u, ${values.join(', ')} FROM ${table} WHERE t <= ${asOfMs}${bound} GROUP BY u`;
}

// Compiles a mapping into one SELECT from a file's rows to rows of the lake, each with the reason why it is rejected, if any.
import { AppError } from '../../core/errors.ts';
import type { ZoneOffsets } from '../../core/time.ts';
import { sqlText } from '../engine.ts';
import { EVENT_COLUMNS, EVENT_TYPES, ITEM_COLUMNS, USER_COLUMNS } from '../event.ts';
import { pseudonymSql } from '../pseudonym.ts';
import { columnsOf, type Expression } from './expression.ts';
import { asBoolean, asText, type CompiledExpression, compileExpression } from './expression-sql.ts';
import type { ImportKind, Mapping, ValueRule } from './mapping.ts';
import { type MoneyPlan, majorSql, minorSql } from './money-sql.ts';
import type { RawRows } from './relation.ts';
import { EARLIEST_MS, FUTURE_SLACK_MS, readTimeSql, utcSql } from './time-sql.ts';

/** The longest text a cell may hold, and the longest id. */
export const MAX_TEXT_BYTES = 2 ** 20;
export const MAX_ID_BYTES = 512;

/** Why a row is rejected; the first that holds counts. */
export const REJECT_REASONS = {
  ragged_row: 'the line has more or fewer cells than the header',
  bad_quoting: 'a quote opens or closes where none may',
  line_too_long: 'the line is longer than 16 MiB',
  wrong_encoding: 'the line is not in the encoding of the file',
  bad_json: 'the line is not one JSON object',
  bad_row: 'the line cannot be read as a row',
  text_too_long: 'a text is longer than 1 MiB, or an id longer than 512 bytes',
  missing_time: 'there is no time',
  bad_time: 'the time cannot be read in the format of the mapping',
  before_1990: 'the time is before 1990',
  future_date: 'the time is more than a day in the future',
  missing_type: 'there is no event type',
  unknown_type: 'the event type is none of ours and not in the mapping',
  missing_id: 'the row has no key',
  bad_number: 'a quantity, price, rating or position is no number, or too large',
  negative_price: 'the price is negative and the row is no refund',
  negative_quantity: 'the quantity is negative and the row is no refund',
  wrong_currency: 'the price of a streamed event is in another currency than the lake',
} as const;

export type RejectReason = keyof typeof REJECT_REASONS;

/** What compiling needs besides the mapping. */
export interface PlanContext {
  readonly zone: ZoneOffsets;
  readonly nowMs: number;
  /** Currency of the lake; empty when the mapping has no money. */
  readonly money: MoneyPlan;
  readonly pseudonyms: boolean;
  /** Keep the cells of every row in `raw`, not only of rejected ones. */
  readonly keepsRaw?: boolean;
}

/** Columns of the lake by kind, with their types. */
export const LAKE_COLUMNS: Readonly<Record<ImportKind, Readonly<Record<string, string>>>> = {
  events: EVENT_COLUMNS,
  items: ITEM_COLUMNS,
  users: USER_COLUMNS,
};

const NUMBERS = new Set(['quantity', 'rating', 'position']);
const MONEY = new Set(['price', 'amount', 'price_minor']);
const TIMES = new Set(['timestamp', 'available_from', 'available_to']);
const IDS = new Set(['event_id', 'user_id', 'anonymous_id', 'session_id', 'item_id', 'order_id']);
const PERSONS: readonly string[] = ['user_id', 'anonymous_id'];

/** A compiled mapping. */
export interface Plan {
  /**
   * The SELECT. Columns: `filled`, then `reason` (NULL, a word of `REJECT_REASONS`, or `skipped`) and `raw` (JSON of the
   * cells the mapping reads, for rejected rows only), then `record`, the row's place in the file, where rows do not come
   * out one for one.
   */
  readonly sql: string;
  /** The lake's columns this mapping can fill, in the lake's order; all others are NULL. */
  readonly filled: readonly string[];
}

/** @throws AppError BAD_MAPPING naming what the file does not have */
export function compilePlan(mapping: Mapping, rows: RawRows, context: PlanContext): Plan {
  const { also } = mapping;
  const first = new Compiler(mapping, rows, context);
  if (!also) {
    const filled = first.filledColumns();
    return { sql: first.select(filled), filled };
  }
  const columns = { ...mapping.columns, ...also.columns };
  const second = new Compiler({ ...mapping, columns, also: undefined }, rows, context);
  const either = new Set([...first.filledColumns(), ...second.filledColumns()]);
  const filled = Object.keys(LAKE_COLUMNS[mapping.kind]).filter((column) => either.has(column));
  return { sql: `${first.select(filled)} UNION ALL ${second.select(filled, also.when)}`, filled };
}

class Compiler {
  private readonly mapping: Mapping;
  private readonly rows: RawRows;
  private readonly context: PlanContext;
  /** Cells read from the file, by name in the mapping → name in SQL. */
  private readonly cells = new Map<string, string>();

  constructor(mapping: Mapping, rows: RawRows, context: PlanContext) {
    this.mapping = mapping;
    this.rows = rows;
    this.context = context;
  }

  /** Layers from the inside out: cells → values as text → typed values → converted values → reason → lake row. */
  select(filled: readonly string[], only?: Expression): string {
    const { mapping, rows } = this;
    const values = this.valueColumns();
    const skip = mapping.skip.map((when) => this.condition(when, 'skip')).join(' OR ') || 'false';
    const refund = mapping.refund ? this.condition(mapping.refund, 'refund') : 'false';
    const extras = this.extrasSql();
    const where = only ? ` WHERE ${this.condition(only, 'also')}` : '';
    // Taken last: by now every cell the mapping reads is known.
    const kept = [...this.cells.values()];
    const cells = [...this.cells].map(([name, sql]) => `${cleanCell(rows.column(name), mapping)} AS ${sql}`);
    const layer = (columns: readonly string[], from: string) => `SELECT ${columns.join(', ')} FROM ${from}`;
    const record = rows.record === undefined ? [] : [`${rows.record} AS record`];
    const cellLayer = layer([...cells, `${rows.fault} AS fault`, ...record], rows.relation());
    if (rows.record !== undefined) kept.push('record');
    const valueLayer = layer(
      [
        ...values,
        `${extras} AS v_extras`,
        `${skip} AS is_skipped`,
        `${refund} AS is_refund`,
        'fault',
        ...kept,
      ],
      `(${cellLayer})${where}`,
    );
    const typedLayer = layer([...this.typedColumns(), 'is_skipped', 'fault', ...kept], `(${valueLayer})`);
    const convertedLayer = layer(['*', ...this.convertedColumns()], `(${typedLayer})`);
    const reasonLayer = layer(['*', `${this.reasonSql()} AS reason`], `(${convertedLayer})`);
    // Written out for rejected rows only: a CASE computes its branch for the rows that need it.
    const raw = this.context.keepsRaw
      ? `${this.rawSql()} AS raw`
      : `CASE WHEN reason <> 'skipped' THEN ${this.rawSql()} END AS raw`;
    const last = rows.record === undefined ? [] : ['record'];
    return layer([...this.lakeColumns(filled), 'reason', raw, ...last], `(${reasonLayer})`);
  }

  private cell(name: string): string {
    const known = this.cells.get(name);
    if (known) return known;
    // Fails here, with the list of columns, when there is none of that name.
    this.rows.column(name);
    const sql = `k${this.cells.size}`;
    this.cells.set(name, sql);
    return sql;
  }

  private compile(expression: Expression): CompiledExpression {
    return compileExpression(expression, (name) => this.cell(name));
  }

  private condition(expression: Expression, where: string): string {
    return asBoolean(this.compile(expression), where);
  }

  private rule(target: string): ValueRule | undefined {
    return this.mapping.columns[target];
  }

  private has(target: string): boolean {
    return this.rule(target) !== undefined;
  }

  /** `v_<target>` of every rule: text, except for money given as a computed number. */
  private valueColumns(): string[] {
    return Object.entries(this.mapping.columns).map(([target, rule]) => {
      const compiled = this.compile(rule.value);
      const sql =
        MONEY.has(target) && compiled.type === 'number'
          ? compiled.sql
          : mappedSql(asText(compiled), rule, target);
      return `${sql} AS v_${target}`;
    });
  }

  private moneyIsNumber(target: string): boolean {
    const rule = this.rule(target);
    return rule !== undefined && this.compile(rule.value).type === 'number';
  }

  private typedColumns(): string[] {
    const { mapping, context } = this;
    const columns: string[] = [];
    for (const target of Object.keys(mapping.columns)) {
      const value = `v_${target}`;
      if (TIMES.has(target)) {
        const { ms, isLocal } = readTimeSql(value, mapping.time.format);
        columns.push(
          `${ms} AS ms_${target}`,
          `${isLocal} AS local_${target}`,
          `${value} IS NULL AS no_${target}`,
        );
      } else if (NUMBERS.has(target)) {
        columns.push(`TRY_CAST(${value} AS DOUBLE) AS n_${target}`, `${value} IS NOT NULL AS has_${target}`);
      } else if (MONEY.has(target)) {
        columns.push(`${this.major(target)} AS major`, `${value} IS NOT NULL AS has_minor`);
      } else if (target === 'currency') {
        columns.push(`upper(${value}) AS row_currency`);
      } else if (PERSONS.includes(target) && context.pseudonyms) {
        columns.push(
          `${pseudonymSql(value)} AS ${target}`,
          `octet_length(encode(${value})) AS length_${target}`,
        );
      } else if (target === 'type') {
        columns.push(
          `CASE WHEN is_refund THEN 'refund' ELSE v_type END AS type`,
          'v_type IS NULL AND NOT is_refund AS no_type',
        );
      } else {
        columns.push(`${value} AS ${target}`);
      }
    }
    columns.push(
      `is_refund OR ${this.has('type') ? "coalesce(v_type = 'refund', false)" : 'false'} AS is_return`,
    );
    columns.push('v_extras');
    return columns;
  }

  /** Money as it stands in the file: a decimal of major units, or whole minor units. */
  private major(target: string): string {
    if (target === 'price_minor') return 'TRY_CAST(v_price_minor AS BIGINT)';
    const type = this.moneyIsNumber(target) ? 'number' : 'text';
    return majorSql({ sql: `v_${target}`, type }, this.mapping.money.decimal);
  }

  /** What is computed from a typed value more than once, so that the value itself is read from the text once. */
  private convertedColumns(): string[] {
    const { mapping, context } = this;
    const columns = [...TIMES]
      .filter((target) => this.has(target))
      .map((target) => {
        const reading = readTimeSql('', mapping.time.format);
        return `${utcSql(`ms_${target}`, `local_${target}`, reading, context.zone)} AS ${target}`;
      });
    if (this.has('price_minor')) columns.push('major AS minor');
    else if (this.hasMoney()) {
      columns.push(
        `${minorSql('major', this.has('currency') ? 'row_currency' : undefined, context.money)} AS minor`,
      );
    }
    return columns;
  }

  private reasonSql(): string {
    const { mapping, context } = this;
    const { columns } = mapping;
    const when: string[] = [];
    const add = (condition: string, reason: RejectReason) => when.push(`WHEN ${condition} THEN '${reason}'`);
    const targets = Object.keys(columns).filter(
      (target) => !TIMES.has(target) && !NUMBERS.has(target) && !MONEY.has(target),
    );
    const tooLong = targets
      .filter((target) => columns[target].value.kind !== 'text' && target !== 'currency' && target !== 'type')
      .map((target) => {
        // strlen counts bytes.
        const limit = IDS.has(target) ? MAX_ID_BYTES : MAX_TEXT_BYTES;
        return PERSONS.includes(target) && context.pseudonyms
          ? `length_${target} > ${limit}`
          : `strlen(${target}) > ${limit}`;
      });
    when.push('WHEN fault IS NOT NULL THEN fault');
    when.push("WHEN is_skipped THEN 'skipped'");
    if (mapping.kind === 'events') when.push("WHEN type = '' THEN 'skipped'");
    add([...tooLong, `strlen(v_extras) > ${MAX_TEXT_BYTES}`].join(' OR '), 'text_too_long');
    if (mapping.kind === 'events') {
      add('no_timestamp', 'missing_time');
      add('timestamp IS NULL', 'bad_time');
      add(`timestamp < ${EARLIEST_MS}`, 'before_1990');
      add(`timestamp > ${context.nowMs + FUTURE_SLACK_MS}`, 'future_date');
      add('no_type', 'missing_type');
      const type = columns.type.value;
      // Not an IN list: the engine turns a long one into a join, and rows would lose the file's order.
      const known = EVENT_TYPES.map((type) => `WHEN ${sqlText(type)} THEN false`).join(' ');
      if (type.kind !== 'text' || !(EVENT_TYPES as readonly string[]).includes(type.value)) {
        add(`CASE type ${known} ELSE true END`, 'unknown_type');
      }
    } else {
      add(`${mapping.kind === 'items' ? 'item_id' : 'user_id'} IS NULL`, 'missing_id');
      for (const target of ['available_from', 'available_to']) {
        if (columns[target]) add(`${target} IS NULL AND NOT no_${target}`, 'bad_time');
      }
    }
    for (const target of NUMBERS) {
      if (columns[target])
        add(`has_${target} AND (n_${target} IS NULL OR NOT isfinite(n_${target}))`, 'bad_number');
    }
    if (columns.position) add('abs(n_position) > 2147483647', 'bad_number');
    if (this.hasMoney()) {
      add('has_minor AND minor IS NULL', 'bad_number');
      add('minor < 0 AND NOT is_return', 'negative_price');
    }
    if (columns.quantity) add('n_quantity < 0 AND NOT is_return', 'negative_quantity');
    return `CASE ${when.join(' ')} END`;
  }

  private hasMoney(): boolean {
    return this.has('price') || this.has('amount') || this.has('price_minor');
  }

  filledColumns(): string[] {
    return Object.keys(LAKE_COLUMNS[this.mapping.kind]).filter(
      (column) => this.lakeColumn(column) !== undefined,
    );
  }

  private lakeColumns(filled: readonly string[]): string[] {
    const types = LAKE_COLUMNS[this.mapping.kind];
    return filled.map(
      (column) => `CAST(${this.lakeColumn(column) ?? 'NULL'} AS ${types[column]}) AS ${column}`,
    );
  }

  private lakeColumn(column: string): string | undefined {
    const { mapping, context } = this;
    if (column === 'props' || column === 'attributes')
      return mapping.extras.length > 0 ? 'v_extras' : undefined;
    if (column === 'price_minor') {
      if (!this.hasMoney()) return undefined;
      return this.has('amount')
        ? `CASE WHEN ${this.splits()} THEN abs(minor) // abs(n_quantity)::BIGINT ELSE abs(minor) END`
        : 'abs(minor)';
    }
    if (column === 'currency') {
      return this.hasMoney()
        ? `CASE WHEN minor IS NOT NULL THEN ${sqlText(context.money.currency)} END`
        : undefined;
    }
    if (column === 'quantity') {
      const one = this.hasMoney() ? 'CASE WHEN minor IS NOT NULL THEN 1 END' : 'NULL';
      if (!this.has('quantity')) return this.hasMoney() ? one : undefined;
      const pieces = `coalesce(abs(n_quantity), ${one})`;
      return this.has('amount')
        ? `CASE WHEN minor IS NULL OR ${this.splits()} THEN ${pieces} ELSE 1 END`
        : pieces;
    }
    if (column === 'event_id') {
      const own = this.derivedId();
      return this.has('event_id') ? `coalesce(event_id, ${own})` : own;
    }
    if (column === 'rating') return this.has('rating') ? 'n_rating' : undefined;
    if (column === 'position') return this.has('position') ? 'n_position' : undefined;
    return this.has(column) ? column : undefined;
  }

  /**
   * An id from what the row says, so that the same line has the same id in any file and any order. Persons stand in it
   * as they stand in the lake: with pseudonyms, as pseudonyms.
   */
  private derivedId(): string {
    const { columns } = this.mapping;
    const named = Object.keys(EVENT_COLUMNS).filter(
      (column) =>
        column !== 'event_id' && column !== 'props' && column !== 'currency' && this.lakeColumn(column),
    );
    const cells = named
      .filter((column) => column === 'type' || columns[column]?.value.kind !== 'text')
      .map((column) => `coalesce(CAST(${this.lakeColumn(column)} AS VARCHAR), '')`);
    if (this.mapping.extras.length > 0) cells.push("coalesce(v_extras, '')");
    return `md5(concat_ws(chr(31), ${cells.join(', ')}))`;
  }

  /** Whether an amount for the whole line divides evenly among its pieces; else the line counts as one piece, so that no cent is lost. */
  private splits(): string {
    return this.has('quantity')
      ? 'coalesce(n_quantity <> 0 AND abs(n_quantity) < 1e9 AND n_quantity = trunc(n_quantity) AND minor % CAST(abs(n_quantity) AS BIGINT) = 0, false)'
      : 'false';
  }

  private extrasSql(): string {
    const { extras } = this.mapping;
    if (extras.length === 0) return 'CAST(NULL AS VARCHAR)';
    return jsonOf(extras.map((name) => [name, this.cell(name)]));
  }

  /** JSON of the cells the mapping reads. With pseudonyms, cells that make up a person's id show the pseudonym instead. */
  private rawSql(): string {
    const hidden = new Map<string, string>();
    if (this.context.pseudonyms) {
      for (const person of PERSONS) {
        for (const name of columnsOf(this.rule(person)?.value ?? { kind: 'missing' }))
          hidden.set(name, person);
      }
    }
    return jsonOf([...this.cells].map(([name, sql]) => [name, hidden.get(name) ?? sql]));
  }
}

/** A cell without blanks around it, NULL when nothing is left. Trimming is slow, so only cells that need it are trimmed. */
const cleanCell = (cell: string, mapping: Mapping): string => {
  const { missing } = mapping.file;
  // Blanks, tabs and the empty text all sort before "!".
  const bare = `CASE WHEN ${cell} < '!' OR ends_with(${cell}, ' ') THEN nullif(trim(${cell}, ' \t\r\n'), '') ELSE ${cell} END`;
  return missing.length === 0
    ? bare
    : `CASE trim(${cell}) ${missing.map((word) => `WHEN ${sqlText(word)} THEN NULL`).join(' ')} ELSE ${bare} END`;
};

function jsonOf(cells: readonly (readonly [name: string, sql: string])[]): string {
  if (cells.length === 0) return "'{}'";
  const pairs = cells.map(([name, sql]) => `${sqlText(name)}, ${sql}`).join(', ');
  return `CAST(json_merge_patch(json_object(${pairs}), '{}') AS VARCHAR)`;
}

/** A value through its map. For `type`, our own words pass through, and an empty text means: leave the row out. */
function mappedSql(value: string, rule: ValueRule, target: string): string {
  if (rule.value.kind === 'text') return value;
  if (target !== 'type' && !rule.map) return value;
  if (rule.otherwise === 'skip' && target !== 'type') {
    throw new AppError(
      'BAD_MAPPING',
      `columns.${target}: "otherwise: skip" belongs to type; use the list "skip" instead`,
    );
  }
  const folded = target === 'type' || rule.map ? `lower(${value})` : value;
  const branches = Object.entries(rule.map ?? {}).map(
    ([from, to]) => `WHEN ${sqlText(from)} THEN ${sqlText(to)}`,
  );
  if (target === 'type') {
    const named = new Set(Object.keys(rule.map ?? {}));
    for (const type of EVENT_TYPES) {
      if (!named.has(type)) branches.push(`WHEN ${sqlText(type)} THEN ${sqlText(type)}`);
    }
    const rest = rule.otherwise === 'skip' ? `CASE WHEN ${value} IS NOT NULL THEN '' END` : value;
    return `CASE ${folded} ${branches.join(' ')} ELSE ${rest} END`;
  }
  const rest = rule.otherwise === 'keep' ? value : 'NULL';
  return branches.length > 0 ? `CASE ${folded} ${branches.join(' ')} ELSE ${rest} END` : value;
}

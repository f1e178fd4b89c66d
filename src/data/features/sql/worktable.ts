// The log read into temporary tables for one build of examples: users as numbers, texts as codes, dropped at the end.
import { AppError } from '../../../core/errors.ts';
import type { Engine } from '../../engine.ts';
import { sqlText } from '../../engine.ts';
import type { Population } from '../../labels.ts';
import type { EventSource } from '../../source.ts';
import { fieldNamed } from '../fields.ts';
import { filterSql } from '../filter.ts';
import { zoneWithin } from '../sql-time.ts';
import { CODE_LIMIT, type LogSql } from './relations.ts';

export interface WorktableOptions {
  /** Users known by then have a number. */
  readonly untilMs: number;
  /** Events up to then are read: `untilMs` plus the label's horizon. */
  readonly readUntilMs: number;
  readonly onlyEntities?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface MaterialiseOptions {
  readonly texts?: readonly string[];
  /** Older events are of no interest. */
  readonly afterMs?: number;
}

export interface Worktable {
  /** Ids in UTF-8 byte order; a user's number is its position. */
  readonly users: readonly string[];
  /** Sorted values of each text field that has a dictionary. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
  /** Reads the log with user numbers, events after `afterMs` only when it is given. */
  log(afterMs?: number): LogSql;
  /** Numbers the values of a text field, once. */
  addDictionary(field: string): Promise<void>;
  /** Makes a table of what the SELECT gives, with dictionaries of the text fields it needs. */
  materialise(select: (log: LogSql) => string, options?: MaterialiseOptions): Promise<string>;
  /** The dictionary table of a text field. */
  dictionary(field: string): string;
  /** Numbers of the population's users at each moment, ascending. */
  membersAt(population: Population, moments: readonly number[]): Promise<Int32Array[]>;
  /** Runs a SELECT of `u` and numbers, and puts number k of a user into `slots[k][rowOf[u]]` where that is not −1. */
  scatter(sql: string, rowOf: Int32Array, slots: readonly Float64Array[]): Promise<void>;
  close(): Promise<void>;
}

const NO_ITEMS =
  '(SELECT NULL::VARCHAR AS item_id, NULL::VARCHAR AS category, NULL::VARCHAR AS brand, NULL::BIGINT AS price_minor WHERE false)';

let opened = 0;

export async function openWorktable(
  engine: Engine,
  source: EventSource,
  { untilMs, readUntilMs, onlyEntities, signal }: WorktableOptions,
): Promise<Worktable> {
  const prefix = `worktable_${++opened}`;
  const tables: string[] = [];
  const levels = new Map<string, string[]>();
  const dictionaries = new Map<string, string>();
  const zone = zoneWithin(source.zone, source.firstMs, source.lastMs);

  const create = async (select: string): Promise<string> => {
    const table = `${prefix}_${tables.length}`;
    tables.push(table);
    await engine.run(`CREATE TEMP TABLE ${table} AS ${select}`, signal);
    return table;
  };
  const close = async (): Promise<void> => {
    for (const table of tables.splice(0)) await engine.run(`DROP TABLE IF EXISTS ${table}`);
  };

  try {
    const few = onlyEntities && onlyEntities.length <= 200;
    const only = onlyEntities ? await entityFilter(onlyEntities, create) : '';
    const numbered = await create(
      `SELECT user_id, CAST(row_number() OVER (ORDER BY user_id) - 1 AS INTEGER) AS u, first_t FROM (SELECT e.user_id, min(e.timestamp) AS first_t FROM ${source.events} AS e WHERE e.user_id IS NOT NULL AND e.timestamp <= ${untilMs}${only} GROUP BY e.user_id) ORDER BY user_id`,
    );
    const users = await readTexts(engine, `SELECT user_id, u FROM ${numbered}`, signal);

    const items = source.items
      ? `(SELECT item_id, min(category) AS category, min(brand) AS brand, min(price_minor) AS price_minor FROM ${source.items} WHERE item_id IS NOT NULL GROUP BY item_id)`
      : NO_ITEMS;
    /** The catalogue's join, where an expression reads it. */
    const catalogueFor = (expressions: readonly string[]): string =>
      expressions.some((sql) => /\bc\.\w/.test(sql))
        ? `LEFT JOIN ${items} AS c ON c.item_id = e.item_id`
        : '';
    const log = (afterMs?: number): LogSql => ({
      zone,
      read(columns, where, joins = '') {
        const catalogue = catalogueFor([...columns, where, joins]);
        const after = afterMs === undefined ? '' : ` AND e.timestamp > ${afterMs}`;
        const picked = ['p.u', 'e.timestamp AS t', ...columns].join(', ');
        return `SELECT ${picked} FROM ${source.events} AS e JOIN ${numbered} AS p ON p.user_id = e.user_id ${catalogue} ${joins} WHERE e.timestamp <= ${readUntilMs}${after}${few ? only : ''} AND (${where})`;
      },
    });

    const addDictionary = async (field: string): Promise<void> => {
      if (dictionaries.has(field)) return;
      const sql = fieldNamed(field).sql(zone);
      // Values of other users may get a code as well: columns keep only what occurs in them.
      const table = await create(
        `SELECT v, CAST(row_number() OVER (ORDER BY v) - 1 AS INTEGER) AS code FROM (SELECT DISTINCT ${sql} AS v FROM ${source.events} AS e ${catalogueFor([sql])} WHERE e.timestamp <= ${readUntilMs}${few ? only : ''}) WHERE v IS NOT NULL ORDER BY v`,
      );
      const values = await readTexts(engine, `SELECT v, code FROM ${table}`, signal);
      if (values.length > CODE_LIMIT)
        throw new AppError(
          'BAD_DATA',
          `field "${field}" has ${values.length} different values, at most ${CODE_LIMIT} can be told apart; leave it out of the view`,
        );
      dictionaries.set(field, table);
      levels.set(field, values);
    };

    return {
      users,
      levels,
      log,
      addDictionary,
      async materialise(select, { texts = [], afterMs } = {}) {
        for (const field of texts) await addDictionary(field);
        return create(select(log(afterMs)));
      },
      dictionary: (field) => dictionaries.get(field) ?? '',
      async membersAt({ filter, lookbackMs }, moments) {
        const known = !filter && lookbackMs === undefined;
        const after = lookbackMs === undefined ? undefined : Math.min(...moments) - lookbackMs;
        const table = known ? numbered : await create(log(after).read([], filterSql(filter ?? {}, zone)));
        const members: Int32Array[] = [];
        for (const moment of moments) {
          const from = lookbackMs === undefined ? '' : ` AND t > ${moment - lookbackMs}`;
          const codes = await readNumbers(
            engine,
            known
              ? `SELECT u FROM ${table} WHERE first_t <= ${moment}`
              : `SELECT DISTINCT u FROM ${table} WHERE t <= ${moment}${from}`,
            signal,
          );
          members.push(codes.sort());
        }
        return members;
      },
      async scatter(sql, rowOf, slots) {
        await engine.stream(
          sql,
          (columns, rows) => {
            const numbers = columns[0] as Int32Array;
            for (let k = 0; k < slots.length; k++) {
              const from = columns[k + 1] as Float64Array;
              const into = slots[k];
              for (let i = 0; i < rows; i++) {
                const row = rowOf[numbers[i]];
                if (row >= 0) into[row] = from[i];
              }
            }
          },
          signal,
        );
      },
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** ` AND …` on `e.user_id`: a list while it is short, a table of ids beyond. */
async function entityFilter(
  entities: readonly string[],
  create: (select: string) => Promise<string>,
): Promise<string> {
  if (entities.length === 0) return ' AND false';
  if (entities.length <= 200) return ` AND e.user_id IN (${entities.map(sqlText).join(', ')})`;
  const parts: string[] = [];
  for (let start = 0; start < entities.length; start += 20_000) {
    const values = entities.slice(start, start + 20_000).map(sqlText);
    parts.push(await create(`SELECT unnest([${values.join(', ')}]) AS user_id`));
  }
  const ids = parts.map((part) => `SELECT user_id FROM ${part}`).join(' UNION ALL ');
  return ` AND e.user_id IN (${ids})`;
}

/** Texts of `SELECT text, position`, put where their position says. */
async function readTexts(engine: Engine, sql: string, signal?: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  await engine.stream(
    sql,
    (columns, rows) => {
      const positions = columns[1] as Int32Array;
      for (let i = 0; i < rows; i++) texts[positions[i]] = columns[0][i] as string;
    },
    signal,
  );
  return texts;
}

async function readNumbers(engine: Engine, sql: string, signal?: AbortSignal): Promise<Int32Array> {
  let numbers = new Int32Array(1024);
  let length = 0;
  await engine.stream(
    sql,
    (columns, rows) => {
      if (length + rows > numbers.length) {
        const wider = new Int32Array(Math.max(2 * numbers.length, length + rows));
        wider.set(numbers);
        numbers = wider;
      }
      numbers.set((columns[0] as Int32Array).subarray(0, rows), length);
      length += rows;
    },
    signal,
  );
  return numbers.slice(0, length);
}

// Sequences from a table with a row an event: columns that name the user (or the session), the item and the moment.
import { AppError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { type Engine, sqlText } from '../engine.ts';
import { readTimeSql } from '../import/time-sql.ts';
import { openTable, type TableSource } from '../table/open-table.ts';
import type { SequenceFile } from './read-sequences.ts';

export interface EventTableOptions {
  /** Column that names the user, or the session. */
  readonly user: string;
  readonly item: string;
  /** Column of the moment; where it is left out the rows are in time order. */
  readonly time?: string;
  /** Column that says what was done with the item. */
  readonly type?: string;
  /** An existing folder for decoded copies. */
  readonly scratch: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const MOST_TYPES = 255;

/** Seconds with a fraction, which whole-number readings would round. */
const FRACTION = '^[0-9]{9,10}\\.[0-9]+$';

/**
 * Any of CSV, TSV, NDJSON and Parquet, also gzipped. Users and items are in UTF-8 byte order, equal moments in the order of
 * the rows; rows without a user or an item are passed over. A time without an offset is read as UTC.
 *
 * @throws AppError NOT_FOUND, BAD_FILE; BAD_DATA for a column that is not there, for a moment that cannot be read (naming
 *   its row), for more than 255 kinds of events
 */
export async function readEventTable(
  engine: Engine,
  path: string,
  { user, item, time, type, scratch, progress = silent, signal }: EventTableOptions,
): Promise<SequenceFile> {
  const source = await openTable(engine, path, { scratch, as: 'event_table', signal });
  const cell = (column: string): string => `c${placeOf(source, column)}`;
  const [userSql, itemSql] = [cell(user), cell(item)];
  const there = `${userSql} IS NOT NULL AND ${itemSql} IS NOT NULL`;
  const momentSql = time === undefined ? undefined : timeSql(cell(time));
  if (time !== undefined && momentSql !== undefined)
    await needMoments(engine, source, { time, momentSql, there });
  const entities = await codesOf(engine, userSql, { as: 'event_users', source, there, signal });
  const itemIds = await codesOf(engine, itemSql, { as: 'event_items', source, there, signal });
  const typeLevels =
    type === undefined
      ? undefined
      : await codesOf(engine, `coalesce(${cell(type)}, '')`, { as: 'event_types', source, there, signal });
  if (typeLevels && typeLevels.length > MOST_TYPES)
    throw new AppError(
      'BAD_DATA',
      `expected at most ${MOST_TYPES} kinds of events in "${type}", got ${typeLevels.length}`,
    );
  if (entities.length === 0)
    throw new AppError(
      'BAD_DATA',
      `expected rows with "${user}" and "${item}" in "${source.file}", none has both`,
    );
  const items = new Int32Array(source.rows);
  const timesMs = momentSql === undefined ? undefined : new Float64Array(source.rows);
  const types = typeLevels ? new Uint8Array(source.rows) : undefined;
  const offsets = new Uint32Array(entities.length + 1);
  let events = 0;
  await engine.stream(
    `SELECT u.code, i.code, ${momentSql ?? '0::DOUBLE'} AS ms, ${types ? 'CAST(k.code AS UTINYINT)' : '0::UTINYINT'}
     FROM event_table AS e JOIN event_users AS u ON u.v = ${userSql} JOIN event_items AS i ON i.v = ${itemSql}
     ${types ? `JOIN event_types AS k ON k.v = coalesce(${cell(type as string)}, '')` : ''}
     ORDER BY u.code, ms, e.rowid`,
    (columns, count) => {
      const users = columns[0] as Int32Array;
      for (let i = 0; i < count; i++) offsets[users[i] + 1]++;
      items.set((columns[1] as Int32Array).subarray(0, count), events);
      timesMs?.set((columns[2] as Float64Array).subarray(0, count), events);
      types?.set((columns[3] as Uint8Array).subarray(0, count), events);
      events += count;
      progress.step({ task: 'read', done: events, total: source.rows, unit: 'events' });
    },
    signal,
  );
  for (let e = 0; e < entities.length; e++) offsets[e + 1] += offsets[e];
  return {
    file: source.file,
    sequences: {
      entities,
      offsets,
      items: items.subarray(0, events),
      ...(timesMs && { timesMs: timesMs.subarray(0, events) }),
      ...(types && typeLevels && { types: types.subarray(0, events), typeLevels }),
      itemIds,
    },
    fingerprint: source.fingerprint,
    passedOver: source.rows - events,
  };
}

/** @throws AppError BAD_DATA naming the columns there are */
function placeOf(source: TableSource, column: string): number {
  const place = source.columns.indexOf(column);
  if (place >= 0) return place;
  const shown = source.columns.slice(0, 8).map((known) => `"${known}"`);
  throw new AppError(
    'BAD_DATA',
    `expected a column "${column}" in "${source.file}", it has ${shown.join(', ')}${source.columns.length > 8 ? ', …' : ''}`,
  );
}

const timeSql = (cell: string): string =>
  `CASE WHEN regexp_matches(${cell}, ${sqlText(FRACTION)}) THEN round(TRY_CAST(${cell} AS DOUBLE) * 1000) ELSE CAST(${readTimeSql(cell, 'auto').ms} AS DOUBLE) END`;

async function needMoments(
  engine: Engine,
  source: TableSource,
  { time, momentSql, there }: { time: string; momentSql: string; there: string },
): Promise<void> {
  const [{ unread, first }] = await engine.rows<{ unread: number; first: number | null }>(
    `SELECT count(*) AS unread, min(rowid) + 1 AS first FROM event_table WHERE ${there} AND (${momentSql}) IS NULL`,
  );
  if (unread === 0) return;
  throw new AppError(
    'BAD_DATA',
    `expected a date or a Unix time in every row of "${time}", ${unread} of ${source.rows} rows of "${source.file}" have none that can be read (the first is row ${first}): mend the column or name another`,
  );
}

/** A table of texts and their codes, in UTF-8 byte order. */
async function codesOf(
  engine: Engine,
  sql: string,
  { as, there, signal }: { as: string; source: TableSource; there: string; signal?: AbortSignal },
): Promise<readonly string[]> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${as} AS SELECT v, CAST(row_number() OVER (ORDER BY v) - 1 AS INTEGER) AS code FROM (SELECT DISTINCT ${sql} AS v FROM event_table WHERE ${there})`,
    signal,
  );
  const texts: string[] = [];
  await engine.stream(
    `SELECT v FROM ${as} ORDER BY code`,
    (columns, count) => {
      for (let i = 0; i < count; i++) texts.push(columns[0][i] as string);
    },
    signal,
  );
  return texts;
}

// Records of the journal as a table of the engine: typed rows of the lake, each with the reason against it, if any.
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Engine, sqlText } from '../engine.ts';
import { EVENT_COLUMNS, EVENT_TYPES } from '../event.ts';
import { MAX_ID_BYTES, MAX_TEXT_BYTES } from '../import/plan.ts';
import { EARLIEST_MS, FUTURE_SLACK_MS } from '../import/time-sql.ts';
import type { EventJournal } from './event-journal.ts';

const FLUSH_BYTES = 1 << 20;
const NEWLINE = Buffer.from('\n');

/**
 * Writes the records before a position to an NDJSON file.
 *
 * @returns how many
 */
export async function writeRecords(
  events: EventJournal,
  until: number,
  path: string,
  signal?: AbortSignal,
): Promise<number> {
  const file = openSync(path, 'wx', 0o600);
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let records = 0;
  const flush = (): void => {
    const whole = Buffer.concat(waiting);
    for (let at = 0; at < whole.length; ) at += writeSync(file, whole, at);
    waiting = [];
    bytes = 0;
  };
  try {
    const { journal } = events;
    await journal.read(
      journal.start,
      (record, position) => {
        if (position >= until) return;
        waiting.push(record, NEWLINE);
        bytes += record.length;
        records++;
        if (bytes >= FLUSH_BYTES) flush();
      },
      signal,
    );
    flush();
  } finally {
    closeSync(file);
  }
  return records;
}

const NUMBERS = ['quantity', 'rating', 'position', 'price_minor'] as const;
const IDS = ['event_id', 'user_id', 'anonymous_id', 'session_id', 'item_id', 'order_id'] as const;

/**
 * Fills the table `streamed` with the lake's columns, `reason` (NULL, or a word of `REJECT_REASONS`), `raw` (the record of a
 * rejected row), `file_index`, `place` and `record`. What the server let in is in order; the checks are the lake's own, so
 * that no other way into it is laxer than an import.
 *
 * @param path      NDJSON
 * @param currency  the lake's; empty when it has none yet
 */
export async function stageRecords(
  engine: Engine,
  path: string,
  { currency, nowMs, signal }: { currency: string; nowMs: number; signal?: AbortSignal },
): Promise<void> {
  const shape = JSON.stringify(
    Object.fromEntries(Object.keys(EVENT_COLUMNS).map((name) => [name, 'VARCHAR'])),
  );
  const typed = Object.entries(EVENT_COLUMNS).map(([name, type]) =>
    type === 'VARCHAR' ? `row.${name} AS ${name}` : `TRY_CAST(row.${name} AS ${type}) AS ${name}`,
  );
  const text = (name: string) => `row.${name}`;
  const number = (name: string) => `TRY_CAST(row.${name} AS DOUBLE)`;
  const tooLong = [
    ...IDS.map((name) => `strlen(${text(name)}) > ${MAX_ID_BYTES}`),
    ...['query', 'text', 'props'].map((name) => `strlen(${text(name)}) > ${MAX_TEXT_BYTES}`),
  ];
  const badNumber = NUMBERS.map(
    (name) => `${text(name)} IS NOT NULL AND (${number(name)} IS NULL OR NOT isfinite(${number(name)}))`,
  );
  const fraction = `${number('price_minor')} <> trunc(${number('price_minor')})`;
  const reasons: readonly (readonly [condition: string, reason: string])[] = [
    ['row IS NULL', 'bad_json'],
    [`coalesce(${text('event_id')}, '') = ''`, 'missing_id'],
    [tooLong.join(' OR '), 'text_too_long'],
    [`${text('timestamp')} IS NULL`, 'missing_time'],
    [`TRY_CAST(${text('timestamp')} AS BIGINT) IS NULL`, 'bad_time'],
    [`TRY_CAST(${text('timestamp')} AS BIGINT) < ${EARLIEST_MS}`, 'before_1990'],
    [`TRY_CAST(${text('timestamp')} AS BIGINT) > ${nowMs + FUTURE_SLACK_MS}`, 'future_date'],
    [`${text('type')} IS NULL`, 'missing_type'],
    [`${text('type')} NOT IN (${EVENT_TYPES.map(sqlText).join(', ')})`, 'unknown_type'],
    [[...badNumber, fraction, `abs(${number('position')}) > 2147483647`].join(' OR '), 'bad_number'],
    [`${number('price_minor')} < 0`, 'negative_price'],
    [`${number('quantity')} < 0`, 'negative_quantity'],
    [`row.price_minor IS NOT NULL AND row.currency <> ${sqlText(currency)}`, 'wrong_currency'],
  ];
  const reason = `CASE ${reasons.map(([condition, word]) => `WHEN ${condition} THEN '${word}'`).join(' ')} END`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE streamed AS
     SELECT ${typed.join(', ')}, ${reason} AS reason, CASE WHEN (${reason}) IS NOT NULL THEN CAST(json AS VARCHAR) END AS raw
     FROM (SELECT json, from_json(json, ${sqlText(shape)}) AS row FROM ${objectsIn(path)})`,
    signal,
  );
}

/** SQL after FROM of the staged rows, as `stageEvents` wants them. */
export const STREAMED =
  '(SELECT *, CAST(0 AS INTEGER) AS file_index, rowid AS place, rowid AS record FROM streamed)';

/** The currency of the first priced record; empty when none has a price. */
export async function firstCurrency(engine: Engine, path: string): Promise<string> {
  const [first] = await engine.rows<{ currency: string }>(
    `SELECT json_extract_string(json, '$.currency') AS currency FROM ${objectsIn(path)}
     WHERE json_extract_string(json, '$.price_minor') IS NOT NULL AND json_extract_string(json, '$.currency') IS NOT NULL LIMIT 1`,
  );
  return first?.currency ?? '';
}

const objectsIn = (path: string): string =>
  `read_json_objects(${sqlText(path)}, format = 'newline_delimited', maximum_object_size = 33554432)`;

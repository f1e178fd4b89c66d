// Texts people left in a shop's log, with their moment, their rating, and when their writer bought next.
import { throwIfAborted } from '../../core/errors.ts';
import { type Engine, sqlText } from '../engine.ts';
import type { EventType } from '../event.ts';
import type { EventSource } from '../source.ts';

/** One text each, oldest first, equal moments in order of the id. */
export interface TextEvents {
  readonly ids: readonly string[];
  readonly types: readonly string[];
  /** User id, else anonymous id; empty where nobody is named, [texts] */
  readonly people: readonly string[];
  /** Empty where there is none. */
  readonly items: readonly string[];
  readonly texts: readonly string[];
  /** UTC ms, [texts] */
  readonly timesMs: Float64Array;
  /** NaN where there is none, [texts] */
  readonly ratings: Float64Array;
  /** The same person's first purchase after the text, UTC ms; +∞ where none is in the log or was asked for, [texts] */
  readonly boughtMs: Float64Array;
}

export interface TextEventsOptions {
  readonly types: readonly EventType[];
  readonly column: 'text' | 'query';
  /** After this moment, UTC ms; all when absent. */
  readonly afterMs?: number;
  /** Up to and including this moment, UTC ms: nothing later is read, purchases neither. */
  readonly untilMs: number;
  /** Whether purchases are looked for. */
  readonly purchases?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * One row a text: lines of one search about several items are one search. Blank texts are left out.
 *
 * @throws AppError INTERRUPTED
 */
export async function readTextEvents(
  engine: Engine,
  { events }: Pick<EventSource, 'events'>,
  { types, column, afterMs, untilMs, purchases = false, signal }: TextEventsOptions,
): Promise<TextEvents> {
  throwIfAborted(signal);
  const named = types.map((type) => sqlText(type)).join(', ');
  const after = afterMs === undefined ? '' : ` AND timestamp > ${afterMs}`;
  const item = `CASE WHEN type = 'search' THEN NULL ELSE item_id END`;
  const said = `SELECT min(event_id) AS id, type, timestamp AS t, user_id, anonymous_id, ${item} AS item, trim(${column}) AS said, max(rating) AS rating FROM ${events} WHERE type IN (${named}) AND timestamp <= ${untilMs}${after} AND trim(${column}) <> '' GROUP BY ALL`;
  const bought = (id: string): string =>
    `(SELECT DISTINCT ${id} AS who, timestamp AS t FROM ${events} WHERE type = 'purchase' AND timestamp <= ${untilMs} AND ${id} IS NOT NULL)`;
  const joins = purchases
    ? ` ASOF LEFT JOIN ${bought('user_id')} AS p ON s.user_id = p.who AND s.t < p.t ASOF LEFT JOIN ${bought('anonymous_id')} AS q ON s.anonymous_id = q.who AND s.t < q.t`
    : '';
  const next = purchases
    ? `least(coalesce(CAST(p.t AS DOUBLE), 'Infinity'::DOUBLE), coalesce(CAST(q.t AS DOUBLE), 'Infinity'::DOUBLE))`
    : `'Infinity'::DOUBLE`;
  const [ids, kinds, people, items, texts]: string[][] = [[], [], [], [], []];
  const [timesMs, ratings, boughtMs]: number[][] = [[], [], []];
  await engine.stream(
    `SELECT s.id, s.type, coalesce(s.user_id, s.anonymous_id, ''), coalesce(s.item, ''), s.said, CAST(s.t AS DOUBLE), coalesce(s.rating, 'NaN'::DOUBLE), ${next} FROM (${said}) AS s${joins} ORDER BY s.t, s.id`,
    (columns, rows) => {
      for (let row = 0; row < rows; row++) {
        ids.push(columns[0][row] as string);
        kinds.push(columns[1][row] as string);
        people.push(columns[2][row] as string);
        items.push(columns[3][row] as string);
        texts.push(columns[4][row] as string);
        timesMs.push(columns[5][row] as number);
        ratings.push(columns[6][row] as number);
        boughtMs.push(columns[7][row] as number);
      }
    },
    signal,
  );
  return {
    ...{ ids, types: kinds, people, items, texts },
    timesMs: Float64Array.from(timesMs),
    ratings: Float64Array.from(ratings),
    boughtMs: Float64Array.from(boughtMs),
  };
}

// What people met and bought after they were given a list, and what was popular then: for holding lists against.
import { throwIfAborted } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import { type Engine, sqlText } from '../../data/engine.ts';
import type { EventSource } from '../../data/source.ts';
import type { ListRecord } from './prediction-record.ts';

/** Within so long after a list something must have followed. */
export const LIST_HORIZON_DAYS = 7;
/** What people do with items themselves: being shown one is the shop's doing. */
const NEXT_TYPES = ['view', 'click', 'add_to_cart', 'wishlist', 'begin_checkout', 'purchase'];
/** Popularity is counted over so long before the week of a list. */
const POPULAR_DAYS = 28;
const WEEK_DAYS = 7;
const INSERT_ROWS = 1000;

/** [lists] each. */
export interface ListOutcomes {
  /** The item met first after the list, of several in one moment all; empty where none followed. */
  readonly next: readonly (readonly string[])[];
  readonly bought: readonly (readonly string[])[];
  /** What everybody met most before the week of the list, most first. */
  readonly popular: readonly (readonly string[])[];
}

export interface ListsAsked {
  readonly lists: readonly ListRecord[];
  /** Kinds of events the model learned from; what people do with items when absent. */
  readonly types?: readonly string[];
  readonly mostPopular: number;
}

/** @throws AppError INTERRUPTED */
export async function listOutcomes(
  engine: Engine,
  { events }: EventSource,
  { lists, types = NEXT_TYPES, mostPopular }: ListsAsked,
  signal?: AbortSignal,
): Promise<ListOutcomes> {
  const kinds = types.map(sqlText).join(', ');
  const weeks = new Map<number, string[]>(lists.map(({ as_of }) => [weekOf(as_of), []]));
  const next = lists.map((): string[] => []);
  const bought = lists.map((): string[] => []);
  if (lists.length > 0) {
    await writeLists(engine, lists, signal);
    const followed = (where: string, first: string) =>
      engine.rows<{ n: number; item_id: string }>(
        `SELECT DISTINCT n, item_id FROM (
           SELECT a.n, e.item_id, e.timestamp FROM monitor_lists AS a JOIN ${events} AS e
             ON e.user_id = a.user_id AND e.timestamp > a.as_of AND e.timestamp <= a.as_of + ${LIST_HORIZON_DAYS * DAY_MS}
           WHERE e.item_id IS NOT NULL AND ${where} ${first}) ORDER BY n, item_id`,
        signal,
      );
    try {
      const firstOnly = 'QUALIFY rank() OVER (PARTITION BY a.n ORDER BY e.timestamp) = 1';
      for (const { n, item_id } of await followed(`e.type IN (${kinds})`, firstOnly)) next[n].push(item_id);
      for (const { n, item_id } of await followed("e.type = 'purchase'", '')) bought[n].push(item_id);
    } finally {
      await engine.run('DROP TABLE monitor_lists');
    }
    const asked = [...weeks.keys()].map((week) => `(${week * WEEK_DAYS * DAY_MS})`).join(', ');
    const popular = await engine.rows<{ start: number; item_id: string }>(
      `SELECT CAST(w.start AS DOUBLE) AS start, e.item_id FROM ${events} AS e JOIN (VALUES ${asked}) AS w(start)
         ON e.timestamp < w.start AND e.timestamp >= w.start - ${POPULAR_DAYS * DAY_MS}
       WHERE e.item_id IS NOT NULL AND e.type IN (${kinds}) GROUP BY w.start, e.item_id
       QUALIFY row_number() OVER (PARTITION BY w.start ORDER BY count(*) DESC, e.item_id) <= ${mostPopular}
       ORDER BY w.start, count(*) DESC, e.item_id`,
      signal,
    );
    for (const { start, item_id } of popular) weeks.get(weekOf(start))?.push(item_id);
  }
  return { next, bought, popular: lists.map(({ as_of }) => weeks.get(weekOf(as_of)) ?? []) };
}

const weekOf = (ms: number): number => Math.floor(ms / (WEEK_DAYS * DAY_MS));

async function writeLists(
  engine: Engine,
  lists: readonly ListRecord[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await engine.run('CREATE OR REPLACE TEMP TABLE monitor_lists (n INTEGER, user_id VARCHAR, as_of BIGINT)');
  for (let start = 0; start < lists.length; start += INSERT_ROWS) {
    throwIfAborted(signal);
    const values = lists
      .slice(start, start + INSERT_ROWS)
      .map(({ user_id, as_of }, i) => `(${start + i}, ${sqlText(user_id)}, ${as_of})`);
    await engine.run(`INSERT INTO monitor_lists VALUES ${values.join(', ')}`);
  }
}

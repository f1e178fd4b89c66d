// The log cut into visits, and the moments of visits that are asked about.
import { type Engine, sqlText } from '../engine.ts';
import type { EventFilter } from '../features/definition.ts';
import { filterSql } from '../features/filter.ts';
import type { EventSource } from '../source.ts';

/** What people do on a visit; refunds, reviews and messages come from elsewhere. */
export const VISIT_TYPES = [
  'view',
  'search',
  'click',
  'add_to_cart',
  'remove_from_cart',
  'wishlist',
  'begin_checkout',
  'purchase',
] as const;

/** Silence that ends a visit. */
export const VISIT_GAP_MS = 30 * 60_000;

/** Moments drawn of one visit at most: more of a long visit say little more. */
export const MOMENTS_A_VISIT = 3;

/**
 * Moments drawn of one visitor at most, over all stretches: each is joined with the visitor's whole history, and a robot has
 * thousands of visits.
 */
export const MOMENTS_A_VISITOR = 300;

/**
 * The log of visitors: whoever has no user id is known by the anonymous id, or by the session alone.
 *
 * Everything that speaks of visits reads this one; `user_id` is then never empty where somebody can be told apart.
 */
export const visitorLog = (source: EventSource): EventSource => ({
  ...source,
  events: `(SELECT * REPLACE (coalesce(user_id, anonymous_id, session_id) AS user_id) FROM ${source.events} WHERE coalesce(user_id, anonymous_id, session_id) IS NOT NULL)`,
});

export interface CutOptions {
  /** Events in `(afterMs, untilMs]` are read, UTC ms. */
  readonly afterMs: number;
  readonly untilMs: number;
  /** What ends the question once it has happened: a purchase. */
  readonly outcome: EventFilter;
  /** A condition on `user_id`: whose visits; everybody's when ''. */
  readonly visitors: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes a table of the log's visit events with `visit` (the session id, or '' where silence cuts), `start_t` and `end_t`
 * of the visit and `done_t`, the first outcome in it.
 *
 * Events of one session id of one visitor are one visit. Those without one belong to the session that was open less than
 * half an hour before (orders seldom carry a session id), else they are cut where nothing happened for half an hour. An
 * event later in the log changes nothing about the visit of an earlier one but its end.
 *
 * @param table name of the temporary table
 */
export async function cutVisits(
  engine: Engine,
  source: EventSource,
  table: string,
  { afterMs, untilMs, outcome, visitors, signal }: CutOptions,
): Promise<void> {
  const types = VISIT_TYPES.map(sqlText).join(', ');
  const only = visitors === '' ? '' : ` AND ${visitors}`;
  const own = 'PARTITION BY user_id ORDER BY timestamp, event_id';
  const part = 'PARTITION BY user_id, visit ORDER BY timestamp, event_id';
  const whole = 'PARTITION BY user_id, visit, part';
  await engine.run(
    `CREATE TEMP TABLE ${table} AS
     WITH read AS (
       SELECT e.*, (${filterSql(outcome, source.zone)}) AS is_outcome FROM ${source.events} AS e
       WHERE (e.type IN (${types}) OR (${filterSql(outcome, source.zone)}))
         AND e.timestamp > ${afterMs} AND e.timestamp <= ${untilMs}${only}),
     open AS (
       SELECT *, last_value(session_id IGNORE NULLS) OVER (${own} ROWS UNBOUNDED PRECEDING) AS open_id,
         max(CASE WHEN session_id IS NOT NULL THEN timestamp END) OVER (${own} ROWS UNBOUNDED PRECEDING) AS open_t
       FROM read),
     named AS (
       SELECT * EXCLUDE (open_id, open_t),
         coalesce(session_id, CASE WHEN timestamp - open_t <= ${VISIT_GAP_MS} THEN open_id END, '') AS visit FROM open),
     gaps AS (
       SELECT *, CASE WHEN visit = '' AND coalesce(timestamp - lag(timestamp) OVER (${part}) > ${VISIT_GAP_MS}, true) THEN 1 ELSE 0 END AS opens
       FROM named),
     parts AS (SELECT * EXCLUDE (opens), sum(opens) OVER (${part} ROWS UNBOUNDED PRECEDING) AS part FROM gaps)
     SELECT * EXCLUDE (part, is_outcome), min(timestamp) OVER (${whole}) AS start_t, max(timestamp) OVER (${whole}) AS end_t,
       min(CASE WHEN is_outcome THEN timestamp END) OVER (${whole}) AS done_t
     FROM parts`,
    signal,
  );
}

export interface DrawOptions {
  /** Beginnings of stretches, UTC ms: visits that begin and end in `(start, start + stretchMs]` are drawn from. */
  readonly starts: readonly number[];
  readonly stretchMs: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes a table of moments to learn from and to test on: `id`, `user_id`, `visit`, `start_t`, `at_t`, `origin`, `item_id` (the
 * one last met by then).
 *
 * Of every visit up to {@link MOMENTS_A_VISIT} instants at which something happened, before its outcome came, and of every
 * visitor up to {@link MOMENTS_A_VISITOR}, drawn by a digest of the visit, the instant and the seed.
 */
export async function drawMoments(
  engine: Engine,
  visits: string,
  table: string,
  { starts, stretchMs, seed, signal }: DrawOptions,
): Promise<void> {
  const origins = starts.map((start) => `(${start})`).join(', ');
  await numberMoments(
    engine,
    visits,
    table,
    `SELECT user_id, visit, start_t, at_t, origin FROM (
       SELECT user_id, visit, start_t, timestamp AS at_t, origin,
         md5(user_id || ' ' || visit || ' ' || start_t || ' ' || timestamp || ' ${seed}') AS lot
       FROM ${visits} JOIN (VALUES ${origins}) AS o(origin) ON start_t > origin AND end_t <= origin + ${stretchMs}
       WHERE done_t IS NULL OR timestamp < done_t
       GROUP BY user_id, visit, start_t, timestamp, origin
       QUALIFY row_number() OVER (PARTITION BY user_id, visit, start_t ORDER BY lot, timestamp) <= ${MOMENTS_A_VISIT})
     QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY lot, at_t) <= ${MOMENTS_A_VISITOR}`,
    signal,
  );
}

/** The same table of the visits that are open at a moment, each asked at its last event, as long as the outcome has not come. */
export async function openMoments(
  engine: Engine,
  visits: string,
  table: string,
  { asOf, signal }: { readonly asOf: number; readonly signal?: AbortSignal },
): Promise<void> {
  await numberMoments(
    engine,
    visits,
    table,
    `SELECT DISTINCT user_id, visit, start_t, end_t AS at_t, ${asOf} AS origin FROM ${visits}
     WHERE done_t IS NULL AND end_t <= ${asOf} AND end_t > ${asOf - VISIT_GAP_MS}`,
    signal,
  );
}

/** Ids rise with the stretch, the visitor and the moment. */
async function numberMoments(
  engine: Engine,
  visits: string,
  table: string,
  select: string,
  signal?: AbortSignal,
): Promise<void> {
  await engine.run(
    `CREATE TEMP TABLE ${table} AS
     WITH drawn AS (${select}),
     last AS (
       SELECT d.user_id, d.visit, d.start_t, d.at_t, max_by(v.item_id, (v.timestamp, v.item_id)) AS item_id
       FROM drawn AS d JOIN ${visits} AS v
         ON v.user_id = d.user_id AND v.visit = d.visit AND v.start_t = d.start_t AND v.timestamp <= d.at_t
       WHERE v.item_id IS NOT NULL GROUP BY ALL)
     SELECT lpad(CAST(row_number() OVER (ORDER BY d.origin, d.user_id, d.start_t, d.visit, d.at_t) - 1 AS VARCHAR), 10, '0') AS id,
       d.user_id, d.visit, d.start_t, d.at_t, d.origin, l.item_id
     FROM drawn AS d LEFT JOIN last AS l ON l.user_id = d.user_id AND l.visit = d.visit AND l.start_t = d.start_t AND l.at_t = d.at_t
     ORDER BY id`,
    signal,
  );
}

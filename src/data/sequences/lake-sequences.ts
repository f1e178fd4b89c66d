// A shop's events as sequences of items, by user or by session, and what its catalogue knows of those items.
import { throwIfAborted } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { ItemAttributes, Sequences } from '../../core/sequences.ts';
import { HOUR_MS } from '../../core/time.ts';
import { type Engine, sqlText } from '../engine.ts';
import { EVENT_TYPES, type EventType } from '../event.ts';
import type { EventSource } from '../source.ts';

export interface LakeSequenceOptions {
  /** Whose events belong together. */
  readonly by: 'user' | 'session';
  /** Events up to and including this moment, UTC ms; all when absent. */
  readonly untilMs?: number;
  /** Which events; all that name an item when absent. */
  readonly types?: readonly EventType[];
  /** Events without a session id are parted where nothing happened for longer than this; half an hour when absent. */
  readonly sessionGapMs?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const SESSION_GAP_MS = HOUR_MS / 2;

/**
 * Streams the sorted log into flat arrays, 13 bytes an event. Equal moments are in order of `event_id`.
 *
 * By user: events that name a user. By session: events of a session id, one user's session ids being the user's own; events
 * without one are cut at gaps. Entities of sessions are named after their owner, so that a bootstrap could group them.
 *
 * @throws AppError INTERRUPTED
 */
export async function lakeSequences(
  engine: Engine,
  source: EventSource,
  options: LakeSequenceOptions,
): Promise<Sequences> {
  const { by, sessionGapMs = SESSION_GAP_MS, progress = silent, signal } = options;
  const rows = rowsSql(source, options);
  await dictionary(engine, 'sequence_items', `SELECT DISTINCT item AS v FROM (${rows})`, signal);
  await dictionary(
    engine,
    'sequence_owners',
    `SELECT DISTINCT owner AS v, session AS s FROM (${rows})`,
    signal,
    ', s',
  );
  const itemIds = await texts(engine, 'sequence_items', 'v', signal);
  const owners = await texts(engine, 'sequence_owners', 'v', signal);
  const sessions = await texts(engine, 'sequence_owners', 's', signal);
  const items = new Int32Array(source.rows);
  const timesMs = new Float64Array(source.rows);
  const types = new Uint8Array(source.rows);
  const entities: string[] = [];
  const starts: number[] = [];
  let events = 0;
  let owner = -1;
  let part = 0;
  await engine.stream(
    `SELECT o.code, CAST(t AS DOUBLE), i.code, type
     FROM (${rows}) AS e JOIN sequence_owners AS o ON o.v = e.owner AND o.s = e.session JOIN sequence_items AS i ON i.v = e.item
     ORDER BY o.code, t, event_id`,
    (columns, count) => {
      const codes = columns[0] as Int32Array;
      const moments = columns[1] as Float64Array;
      items.set((columns[2] as Int32Array).subarray(0, count), events);
      timesMs.set(moments.subarray(0, count), events);
      types.set((columns[3] as Uint8Array).subarray(0, count), events);
      for (let row = 0; row < count; row++) {
        const at = events + row;
        const isCut =
          by === 'session' &&
          sessions[codes[row]] === '' &&
          at > 0 &&
          timesMs[at] - timesMs[at - 1] > sessionGapMs;
        if (codes[row] === owner && !isCut) continue;
        part = codes[row] === owner ? part + 1 : 0;
        owner = codes[row];
        starts.push(at);
        entities.push(by === 'user' ? owners[owner] : `${owners[owner]}/${sessions[owner] || part}`);
      }
      events += count;
      progress.step({ task: 'sequences', done: events, unit: 'events' });
    },
    signal,
  );
  throwIfAborted(signal);
  return {
    entities,
    offsets: Uint32Array.from([...starts, events]),
    items: items.subarray(0, events),
    timesMs: timesMs.subarray(0, events),
    types: types.subarray(0, events),
    typeLevels: EVENT_TYPES,
    itemIds,
  };
}

/** Category, brand and price of items from the shop's catalogue; `undefined` where it has none. */
export async function lakeAttributes(
  engine: Engine,
  { items }: EventSource,
  itemIds: readonly string[],
  signal?: AbortSignal,
): Promise<ItemAttributes | undefined> {
  if (items === undefined) return undefined;
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const kinds = ['category', 'brand'].map((kind) => ({
    kind,
    codes: new Int32Array(itemIds.length).fill(-1),
    levels: new Map<string, number>(),
  }));
  const priceMinor = new Float64Array(itemIds.length).fill(Number.NaN);
  await engine.stream(
    `SELECT item_id, coalesce(CAST(min(price_minor) AS DOUBLE), 'NaN'::DOUBLE), coalesce(min(category), ''), coalesce(min(brand), '') FROM ${items} WHERE item_id IS NOT NULL GROUP BY item_id ORDER BY item_id`,
    (columns, count) => {
      for (let row = 0; row < count; row++) {
        const code = codes.get(columns[0][row] as string);
        if (code === undefined) continue;
        priceMinor[code] = columns[1][row] as number;
        kinds.forEach((own, k) => {
          const level = columns[2 + k][row] as string;
          if (level === '') return;
          if (!own.levels.has(level)) own.levels.set(Buffer.from(level).toString(), own.levels.size);
          own.codes[code] = own.levels.get(level) as number;
        });
      }
    },
    signal,
  );
  return {
    categories: Object.fromEntries(
      kinds
        .filter(({ levels }) => levels.size > 0)
        .map((own) => [own.kind, { codes: own.codes, levels: [...own.levels.keys()] }]),
    ),
    ...(priceMinor.some((price) => !Number.isNaN(price)) && { priceMinor }),
  };
}

function rowsSql(source: EventSource, { by, untilMs, types }: LakeSequenceOptions): string {
  const owner = by === 'user' ? 'user_id' : "coalesce(user_id, anonymous_id, '')";
  const session = by === 'user' ? "''" : "coalesce(session_id, '')";
  const where = [
    'item_id IS NOT NULL',
    by === 'user' ? 'user_id IS NOT NULL' : `(${owner} <> '' OR ${session} <> '')`,
    ...(untilMs === undefined ? [] : [`timestamp <= ${untilMs}`]),
    ...(types ? [`type IN (${types.map(sqlText).join(', ')})`] : []),
  ];
  const levels = EVENT_TYPES.map(sqlText).join(', ');
  return `SELECT ${owner} AS owner, ${session} AS session, item_id AS item, timestamp AS t, event_id, CAST(enum_code(CAST(type AS ENUM (${levels}))) AS UTINYINT) AS type FROM ${source.events} WHERE ${where.join(' AND ')}`;
}

/** A table of texts and their codes, in UTF-8 byte order. */
async function dictionary(
  engine: Engine,
  table: string,
  select: string,
  signal: AbortSignal | undefined,
  then = '',
): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS SELECT *, CAST(row_number() OVER (ORDER BY v${then}) - 1 AS INTEGER) AS code FROM (${select})`,
    signal,
  );
}

async function texts(
  engine: Engine,
  table: string,
  column: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  await engine.stream(
    `SELECT ${column} FROM ${table} ORDER BY code`,
    (columns, count) => {
      for (let row = 0; row < count; row++) found.push(columns[0][row] as string);
    },
    signal,
  );
  return found;
}

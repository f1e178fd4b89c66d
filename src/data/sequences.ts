// Every user's events in time order, streamed into codes and offsets: what sequence models read.
import { throwIfAborted } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Engine } from './engine.ts';
import { EVENT_TYPES } from './event.ts';
import type { EventFilter } from './features/definition.ts';
import { fieldNamed } from './features/fields.ts';
import { filterSql } from './features/filter.ts';
import { keptLevels } from './features/sql/levels.ts';
import { openWorktable } from './features/sql/worktable.ts';
import type { EventSource } from './source.ts';

export interface SequenceOptions {
  /** Events up to and including this moment, UTC ms. */
  readonly untilMs: number;
  /** Which events; all when absent. */
  readonly filter?: EventFilter;
  /** The text field behind `codes`; `item_id` when absent. */
  readonly field?: string;
  readonly onlyEntities?: readonly string[];
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** User i has the events `offsets[i] … offsets[i + 1]`, oldest first; equal moments in order of `event_id`. */
export interface EventSequences {
  /** Users with at least one event, in UTF-8 byte order. */
  readonly entities: string[];
  /** [users + 1] */
  readonly offsets: Uint32Array;
  /** The field's value as a position in `levels`, −1 where missing, [events]. */
  readonly codes: Int32Array;
  /** Sorted values that occur. */
  readonly levels: readonly string[];
  /** Positions in `EVENT_TYPES`, [events]. */
  readonly types: Uint8Array;
  /** UTC ms, [events]. */
  readonly times: Float64Array;
}

/**
 * Streams the sorted log into typed arrays, 13 bytes an event, without holding it as rows.
 *
 * @throws AppError BAD_DEFINITION, INTERRUPTED
 */
export async function streamSequences(
  engine: Engine,
  source: EventSource,
  options: SequenceOptions,
): Promise<EventSequences> {
  const { untilMs, filter = {}, field = 'item_id', signal, progress = silent } = options;
  const known = fieldNamed(field);
  const work = await openWorktable(engine, source, {
    untilMs,
    readUntilMs: untilMs,
    onlyEntities: options.onlyEntities,
    signal,
  });
  try {
    await work.addDictionary(field);
    const { zone, read } = work.log();
    const rows = read(
      [
        'd.code AS code',
        `CAST(enum_code(CAST(e.type AS ENUM (${EVENT_TYPES.map((type) => `'${type}'`).join(', ')}))) AS UTINYINT) AS type`,
        'e.event_id AS event_id',
      ],
      filterSql(filter, zone),
      `LEFT JOIN ${work.dictionary(field)} AS d ON d.v = ${known.sql(zone)}`,
    );
    const lengths = new Uint32Array(work.users.length);
    let store = allocate(options.filter || options.onlyEntities ? 65_536 : source.rows);
    let done = 0;
    await engine.stream(
      `SELECT u, CAST(t AS DOUBLE), CAST(coalesce(code, -1) AS INTEGER), type FROM (${rows}) ORDER BY u, t, event_id`,
      (columns, count) => {
        if (done + count > store.codes.length) store = widen(store, 2 * (done + count));
        const users = columns[0] as Int32Array;
        store.times.set((columns[1] as Float64Array).subarray(0, count), done);
        store.codes.set((columns[2] as Int32Array).subarray(0, count), done);
        store.types.set((columns[3] as Uint8Array).subarray(0, count), done);
        for (let i = 0; i < count; i++) lengths[users[i]]++;
        done += count;
        progress.step({ task: 'sequences', done, unit: 'events' });
      },
      signal,
    );
    throwIfAborted(signal);
    const entities = work.users.filter((_, user) => lengths[user] > 0);
    const offsets = new Uint32Array(entities.length + 1);
    let at = 0;
    for (const length of lengths) {
      if (length === 0) continue;
      offsets[at + 1] = offsets[at] + length;
      at++;
    }
    return {
      entities,
      offsets,
      types: store.types.subarray(0, done),
      times: store.times.subarray(0, done),
      ...keptLevels(store.codes.subarray(0, done), work.levels.get(field) ?? []),
    };
  } finally {
    await work.close();
  }
}

/** Arrays being filled. */
interface Store {
  readonly codes: Int32Array;
  readonly types: Uint8Array;
  readonly times: Float64Array;
}

const allocate = (events: number): Store => ({
  codes: new Int32Array(events),
  types: new Uint8Array(events),
  times: new Float64Array(events),
});

function widen(store: Store, events: number): Store {
  const wider = allocate(events);
  wider.codes.set(store.codes);
  wider.types.set(store.types);
  wider.times.set(store.times);
  return wider;
}

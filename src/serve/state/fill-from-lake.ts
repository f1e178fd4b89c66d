// The state from the lake: every event of everybody, one person after the other, in their order.
import { type Progress, silent } from '../../core/progress.ts';
import type { Engine } from '../../data/engine.ts';
import { EVENT_TYPES, type EventRow } from '../../data/event.ts';
import { NUMBER_COLUMNS, TEXT_COLUMNS } from '../../data/features/user-events.ts';
import type { EventSource } from '../../data/source.ts';
import { applyStored, type Taking } from './start-state.ts';

export interface FillOptions {
  /** Default `person`: then rows of the same person come one after the other, and each is appended. */
  readonly order?: keyof typeof ORDERS;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** NULL as a text that begins with nothing, since what stands in a vector where a value is NULL means nothing. */
const told = (column: string): string => `CASE WHEN ${column} IS NULL THEN '' ELSE '=' || ${column} END`;
const number = (column: string): string => `coalesce(CAST(${column} AS DOUBLE), 'NaN'::DOUBLE)`;

const ORDERS = {
  person: 'coalesce(user_id, anonymous_id, session_id), timestamp, event_id',
  time: 'timestamp, event_id',
} as const;

const TEXTS = ['event_id', 'user_id', 'anonymous_id', ...TEXT_COLUMNS] as const;

/**
 * Tells the state every row; those of one person in the order of time.
 *
 * @returns events applied
 * @throws AppError INTERRUPTED
 */
export async function fillFromLake(
  engine: Engine,
  source: Pick<EventSource, 'events'>,
  state: Taking,
  { order = 'person', progress = silent, signal }: FillOptions = {},
): Promise<number> {
  const columns = [
    ...TEXTS.map(told),
    'CAST(timestamp AS DOUBLE)',
    `CAST(enum_code(CAST(type AS ENUM (${EVENT_TYPES.map((type) => `'${type}'`).join(', ')}))) AS UTINYINT)`,
    ...NUMBER_COLUMNS.map(number),
  ];
  let done = 0;
  await engine.stream(
    `SELECT ${columns.join(', ')} FROM ${source.events} ORDER BY ${ORDERS[order]}`,
    (vectors, count) => {
      for (let row = 0; row < count; row++) applyStored(state, rowAt(vectors, row));
      done += count;
      progress.step({ task: 'state', done, unit: 'events' });
    },
    signal,
  );
  return done;
}

function rowAt(vectors: readonly ArrayLike<unknown>[], row: number): EventRow {
  const text = (place: number): string | null => {
    const cell = vectors[place][row] as string;
    return cell === '' ? null : cell.slice(1);
  };
  const after = TEXTS.length;
  const texts = Object.fromEntries(TEXTS.map((column, place) => [column, text(place)]));
  const numbers = Object.fromEntries(
    NUMBER_COLUMNS.map((column, place) => {
      const value = vectors[after + 2 + place][row] as number;
      return [column, Number.isNaN(value) ? null : value];
    }),
  );
  return {
    ...(texts as { event_id: string; user_id: string | null }),
    ...numbers,
    timestamp: vectors[after][row] as number,
    type: EVENT_TYPES[vectors[after + 1][row] as number],
  };
}

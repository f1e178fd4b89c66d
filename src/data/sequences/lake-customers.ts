// Everybody a shop knows by a moment, those without a single item among them, and which segment each is of.
import { AppError } from '../../core/errors.ts';
import { type Engine, sqlName, sqlText } from '../engine.ts';
import type { EventSource } from '../source.ts';

export interface LakeCustomers {
  /** In UTF-8 byte order. */
  readonly ids: readonly string[];
  /** Codes into `levels`, −1 where it is not known; absent where no segment was asked for. */
  readonly segments?: Int32Array;
  readonly levels: readonly string[];
}

/** Columns of events that say something of who it was. */
const EVENT_SEGMENTS: readonly string[] = ['country', 'device', 'channel'];

/**
 * @param segmentBy a key of the customers' attributes, or `country`, `device`, `channel` as of their last event that says
 *   it; what the customer table says goes first
 * @throws AppError USAGE for a key nobody has, naming those there are
 */
export async function lakeCustomers(
  engine: Engine,
  { events, users }: Pick<EventSource, 'events' | 'users'>,
  {
    asOf,
    segmentBy,
    signal,
  }: { readonly asOf: number; readonly segmentBy?: string; readonly signal?: AbortSignal },
): Promise<LakeCustomers> {
  const byEvent = segmentBy !== undefined && EVENT_SEGMENTS.includes(segmentBy);
  const said = byEvent ? `arg_max(${sqlName(segmentBy)}, timestamp)` : 'NULL';
  const told =
    segmentBy === undefined
      ? 'NULL'
      : `min(json_extract_string(attributes, ${sqlText(`$."${segmentBy.replaceAll('"', '')}"`)}))`;
  const parts = [
    `SELECT user_id, NULL AS told, ${said} AS said FROM ${events} WHERE user_id IS NOT NULL AND timestamp <= ${asOf} GROUP BY user_id`,
    ...(users
      ? [
          `SELECT user_id, ${told} AS told, NULL AS said FROM ${users} WHERE user_id IS NOT NULL GROUP BY user_id`,
        ]
      : []),
  ];
  const ids: string[] = [];
  const codes: number[] = [];
  const levels = new Map<string, number>();
  await engine.stream(
    `SELECT user_id, coalesce(max(told), max(said), '') FROM (${parts.join(' UNION ALL BY NAME ')}) GROUP BY user_id ORDER BY user_id`,
    (columns, count) => {
      for (let row = 0; row < count; row++) {
        ids.push(columns[0][row] as string);
        const level = columns[1][row] as string;
        if (level !== '' && !levels.has(level)) levels.set(level, levels.size);
        codes.push(level === '' ? -1 : (levels.get(level) as number));
      }
    },
    signal,
  );
  if (segmentBy !== undefined && levels.size === 0) throw await unknownSegment(engine, segmentBy, users);
  return {
    ids,
    ...(segmentBy !== undefined && { segments: Int32Array.from(codes) }),
    levels: [...levels.keys()],
  };
}

/** Keys named in an error at most. */
const MOST_KEYS = 20;

async function unknownSegment(
  engine: Engine,
  segmentBy: string,
  users: EventSource['users'],
): Promise<AppError> {
  const keys = users
    ? await engine.rows<{ key: string }>(
        `SELECT DISTINCT unnest(json_keys(attributes)) AS key FROM ${users} ORDER BY key LIMIT ${MOST_KEYS}`,
      )
    : [];
  const known = [...keys.map(({ key }) => key), ...EVENT_SEGMENTS].join(', ');
  return new AppError(
    'USAGE',
    `--segment-by: expected one of ${known}, got "${segmentBy.slice(0, 40)}", which nobody has`,
  );
}

// Texts of a log and the purchases after them, against a reading by hand.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { type Engine, openEngine, sqlText } from '../engine.ts';
import { EVENT_COLUMNS, type EventRow, type EventType } from '../event.ts';
import { readTextEvents } from './text-events.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.close());

function relationOf(rows: readonly EventRow[]): string {
  const cell = (value: unknown, type: string) =>
    `CAST(${value === null || value === undefined ? 'NULL' : sqlText(String(value))} AS ${type})`;
  const values = rows.map(
    (row) =>
      `(${Object.entries(EVENT_COLUMNS)
        .map(([column, type]) => cell(row[column as keyof EventRow], type))
        .join(', ')})`,
  );
  return `(SELECT * FROM (VALUES ${values.join(', ')}) AS v(${Object.keys(EVENT_COLUMNS).join(', ')}))`;
}

const event = (id: string, type: EventType, timestamp: number, more: Partial<EventRow> = {}): EventRow => ({
  ...{ event_id: id, type, timestamp, user_id: null },
  ...more,
});

describe('texts of a log', () => {
  test('come in order of time, blank ones left out, one search of several items once', async () => {
    const events = relationOf([
      event('s2', 'search', 20, { user_id: 'a', query: ' red  coat ', item_id: 'i1' }),
      event('s1', 'search', 20, { user_id: 'a', query: ' red  coat ', item_id: 'i2' }),
      event('s0', 'search', 10, { anonymous_id: 'x', query: 'hat' }),
      event('s3', 'search', 30, { user_id: 'a', query: '  ' }),
      event('v', 'view', 5, { user_id: 'a', query: 'hat' }),
    ]);
    const read = await readTextEvents(
      engine,
      { events },
      { types: ['search'], column: 'query', untilMs: 99 },
    );
    expect(read).toMatchObject({ ids: ['s0', 's1'], texts: ['hat', 'red  coat'], people: ['x', 'a'] });
    expect([...read.timesMs]).toEqual([10, 20]);
    expect([...read.boughtMs]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test('keep two reviews of one moment about two items apart, each with its rating', async () => {
    const events = relationOf([
      event('r1', 'review', 20, { user_id: 'a', text: 'good', item_id: 'i1', rating: 5 }),
      event('r2', 'review', 20, { user_id: 'a', text: 'good', item_id: 'i2' }),
    ]);
    const read = await readTextEvents(
      engine,
      { events },
      { types: ['review', 'message'], column: 'text', untilMs: 99 },
    );
    expect(read.items).toEqual(['i1', 'i2']);
    expect([...read.ratings]).toEqual([5, Number.NaN]);
  });

  test('are followed by the same person’s next purchase, as a reading by hand finds', async () => {
    const draw = random(3);
    const who = (): Partial<EventRow> => ({
      user_id: draw.uniform() < 0.7 ? `u${draw.integer(4)}` : null,
      anonymous_id: draw.uniform() < 0.6 ? `x${draw.integer(4)}` : null,
    });
    const rows = Array.from({ length: 150 }, (_, i) =>
      draw.uniform() < 0.5
        ? event(`m${i}`, 'message', 1 + draw.integer(80), { ...who(), text: `line ${i}` })
        : event(`p${i}`, 'purchase', 1 + draw.integer(80), who()),
    );
    const untilMs = 70;
    const read = await readTextEvents(
      engine,
      { events: relationOf(rows) },
      { types: ['message'], column: 'text', untilMs, afterMs: 10, purchases: true },
    );
    const same = (a: EventRow, b: EventRow) =>
      (a.user_id !== null && a.user_id === b.user_id) ||
      (a.anonymous_id !== null && a.anonymous_id === b.anonymous_id);
    const asked = rows.filter(
      (row) => row.type === 'message' && row.timestamp <= untilMs && row.timestamp > 10,
    );
    expect(read.ids.toSorted()).toEqual(asked.map((row) => row.event_id).toSorted());
    const next = read.ids.map((id) => {
      const own = rows.find((row) => row.event_id === id) as EventRow;
      const later = rows.filter(
        (row) =>
          row.type === 'purchase' &&
          row.timestamp > own.timestamp &&
          row.timestamp <= untilMs &&
          same(row, own),
      );
      return Math.min(Number.POSITIVE_INFINITY, ...later.map(({ timestamp }) => timestamp));
    });
    expect([...read.boughtMs]).toEqual(next);
    expect(next.some(Number.isFinite)).toBe(true);
  });
});

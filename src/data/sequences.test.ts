import { afterAll, expect, test } from 'vitest';
import { randomLog } from '../../test/features/random-log.ts';
import { tableSource } from '../../test/features/sources.ts';
import { compareTexts } from '../core/text-order.ts';
import { UTC } from '../core/time.ts';
import { openEngine } from './engine.ts';
import { EVENT_TYPES, type EventRow } from './event.ts';
import type { EventFilter } from './features/definition.ts';
import { streamSequences } from './sequences.ts';

const engine = await openEngine({ threads: 2 });
afterAll(() => engine.close());

const log = randomLog({ seed: 41, users: 120, startMs: Date.UTC(2012, 0, 1), days: 100 });
const source = await tableSource(engine, log.events, { zone: UTC, items: log.items });
const untilMs = Date.UTC(2012, 2, 1);

const sortEvents = (events: readonly EventRow[]): EventRow[] =>
  events.toSorted(
    (a, b) =>
      compareTexts(a.user_id ?? '', b.user_id ?? '') ||
      a.timestamp - b.timestamp ||
      compareTexts(a.event_id, b.event_id),
  );

test.each<{ name: string; field?: 'country'; filter?: EventFilter; kept: (row: EventRow) => boolean }>([
  { name: 'every event by item', kept: () => true },
  {
    name: 'purchases and views by country',
    field: 'country',
    filter: { types: ['purchase', 'view'] },
    kept: ({ type }) => type === 'purchase' || type === 'view',
  },
])('sequences hold $name in time order, ties by event id', async ({ field, filter, kept }) => {
  const sequences = await streamSequences(engine, source, { untilMs, filter, field });
  const expected = sortEvents(
    log.events.filter((row) => row.user_id !== null && row.timestamp <= untilMs && kept(row)),
  );
  expect(expected.length).toBeGreaterThan(400);
  const got: unknown[] = [];
  sequences.entities.forEach((user, i) => {
    for (let at = sequences.offsets[i]; at < sequences.offsets[i + 1]; at++) {
      const value = sequences.codes[at] < 0 ? null : sequences.levels[sequences.codes[at]];
      got.push([user, sequences.times[at], EVENT_TYPES[sequences.types[at]], value]);
    }
  });
  expect(got).toEqual(
    expected.map((row) => [row.user_id, row.timestamp, row.type, row[field ?? 'item_id'] ?? null]),
  );
  expect(sequences.levels).toEqual([...sequences.levels].sort(compareTexts));
  expect(sequences.codes.length).toBe(expected.length);
});

test('asking for one user gives that user alone', async () => {
  const whole = await streamSequences(engine, source, { untilMs });
  const one = await streamSequences(engine, source, { untilMs, onlyEntities: [whole.entities[3]] });
  expect(one.entities).toEqual([whole.entities[3]]);
  expect(Array.from(one.times)).toEqual(Array.from(whole.times.slice(whole.offsets[3], whole.offsets[4])));
});

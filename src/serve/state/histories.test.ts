import { afterAll, expect, it } from 'vitest';
import { randomLog } from '../../../test/features/random-log.ts';
import { tableSource } from '../../../test/features/sources.ts';
import { type Sequences, sequenceCount } from '../../core/sequences.ts';
import { UTC } from '../../core/time.ts';
import { openEngine } from '../../data/engine.ts';
import { lakeSequences } from '../../data/sequences/lake-sequences.ts';
import { openHistories } from './histories.ts';
import { openState } from './online-state.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const log = randomLog({ seed: 21, users: 15, startMs: Date.UTC(2024, 0, 1), days: 20 });
const source = await tableSource(engine, log.events, { zone: UTC });
const state = openState({ views: [], context: { zone: UTC }, columns: ['session_id'] });
state.apply(log.events.toSorted((a, b) => a.timestamp - b.timestamp));
const untilMs = Date.UTC(2024, 0, 14, 9);

/** The events of one entity, as text. */
const told = ({ offsets, items, timesMs, types, itemIds }: Sequences, row: number): string =>
  Array.from(
    { length: offsets[row + 1] - offsets[row] },
    (_, i) =>
      `${itemIds[items[offsets[row] + i]]} ${types?.[offsets[row] + i]} ${timesMs?.[offsets[row] + i]}`,
  ).join(', ');

it.each([{ types: undefined }, { types: ['view', 'purchase', 'add_to_cart'] as const }])(
  'a history by user is the one the lake gives, of events of $types',
  async ({ types }) => {
    const lake = await lakeSequences(engine, source, { by: 'user', untilMs, types });
    expect(sequenceCount(lake)).toBeGreaterThan(10);
    const read = openHistories({ itemIds: lake.itemIds, by: 'user', types });
    const people = lake.entities.map((id) => ({ id, events: state.find({ user_id: id })?.events }));
    const online = read([...people, { id: 'nobody' }], untilMs);
    lake.entities.forEach((_, row) => {
      expect(told(online, row)).toBe(told(lake, row));
    });
    expect(told(online, people.length)).toBe('');
    expect(online.items.every((item) => item >= 0)).toBe(true);
    const few = openHistories({ itemIds: lake.itemIds.slice(0, 5), by: 'user', types });
    expect([...few(people, untilMs).items]).toEqual([...lake.items].map((item) => (item < 5 ? item : -1)));
  },
);

it('a history by session is the session of the lake that is open then', async () => {
  let open = 0;
  // An instant after an event of everybody, one after the other.
  for (const { timestamp, user_id } of log.events.filter((_, i) => i % 23 === 0)) {
    if (user_id === null) continue;
    const lake = await lakeSequences(engine, source, { by: 'session', untilMs: timestamp + 60_000 });
    const read = openHistories({ itemIds: lake.itemIds, by: 'session' });
    const online = read([{ id: user_id, events: state.find({ user_id })?.events }], timestamp + 60_000);
    const own = lake.entities.flatMap((entity, row) => (entity.startsWith(`${user_id}/`) ? [row] : []));
    const newest = Math.max(...own.map((row) => lake.timesMs?.[lake.offsets[row + 1] - 1] ?? 0));
    if (!(newest > timestamp + 60_000 - 1_800_000)) {
      expect(told(online, 0)).toBe('');
      continue;
    }
    open++;
    expect(own.map((row) => told(lake, row))).toContain(told(online, 0));
    expect(online.timesMs?.at(-1)).toBe(newest);
  }
  expect(open).toBeGreaterThan(8);
});

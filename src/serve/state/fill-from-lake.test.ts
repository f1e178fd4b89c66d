import { afterAll, expect, it } from 'vitest';
import { randomLog } from '../../../test/features/random-log.ts';
import { tableSource } from '../../../test/features/sources.ts';
import { UTC } from '../../core/time.ts';
import { openEngine } from '../../data/engine.ts';
import { NUMBER_COLUMNS, TEXT_COLUMNS } from '../../data/features/user-events.ts';
import { fillFromLake } from './fill-from-lake.ts';
import { ALL_COLUMNS } from './kept-columns.ts';
import { openState, type State } from './online-state.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const log = randomLog({ seed: 31, users: 8, startMs: Date.UTC(2024, 0, 1), days: 30 });
// Everybody comes without an account now and then, and some of them say who they were.
const rows = log.events.map((row, i) => ({
  ...row,
  anonymous_id: i % 3 === 0 ? `cookie of ${row.user_id}` : null,
  user_id: i % 6 === 0 ? null : row.user_id,
}));
const open = () => openState({ views: [], context: { zone: UTC }, columns: ALL_COLUMNS, eventsPerUser: 500 });

function told(state: State, user: string): unknown {
  const events = state.find({ user_id: user })?.events;
  if (!events) return undefined;
  const columns = [
    ...NUMBER_COLUMNS.map((name) => events.numbers(name)),
    ...TEXT_COLUMNS.map((name) => events.texts(name)),
  ];
  return Array.from({ length: events.length }, (_, at) =>
    JSON.stringify([events.times[at], events.types[at], ...columns.map((column) => column[at])]),
  ).sort();
}

it('is what the same rows make of it as they come, every column of every event', async () => {
  const source = await tableSource(engine, rows, { zone: UTC });
  const state = open();
  expect(await fillFromLake(engine, source, state)).toBe(rows.length);
  const live = open();
  live.apply(rows);
  for (const { anonymous_id, user_id } of rows)
    if (anonymous_id && user_id) live.adopt(anonymous_id, user_id);
  expect(state.counts()).toMatchObject({ people: live.counts().people, events: live.counts().events });
  const users = [...new Set(rows.flatMap(({ user_id }) => user_id ?? []))];
  expect(users.length).toBeGreaterThan(5);
  for (const user of users) expect(told(state, user)).toEqual(told(live, user));
});

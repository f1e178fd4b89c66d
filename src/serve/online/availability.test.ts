// What is on offer by the moment asked about, of a catalogue with spans of its own.
import { afterAll, expect, it } from 'vitest';
import { openEngine } from '../../data/engine.ts';
import { readAvailability } from './availability.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const rows = [
  "('always', NULL, NULL)",
  "('until', NULL, 2000)",
  "('from', 1000, NULL)",
  "('twice', 100, 200)",
  "('twice', 900, 1000)",
  "('of no model', 1, 2)",
].join(', ');
const items = `(SELECT * FROM (VALUES ${rows}) AS t(item_id, available_from, available_to))`;
const ids = ['until', 'always', 'from', 'twice', 'in no catalogue'];

it('changes with the moment, and what says nothing is always there', async () => {
  const at = await readAvailability(engine, { items }, ids);
  expect([...at(150)]).toEqual([1, 1, 0, 1, 1]);
  expect([...at(500)]).toEqual([1, 1, 0, 0, 1]);
  expect([...at(1000)]).toEqual([1, 1, 1, 1, 1]);
  expect([...at(2001)]).toEqual([0, 1, 1, 0, 1]);
});

it('is everything without a catalogue, or where none of it has a span', async () => {
  const none = await readAvailability(engine, { items: undefined }, ids);
  const plain = `(SELECT 'always' AS item_id, NULL AS available_from, NULL AS available_to)`;
  for (const at of [none, await readAvailability(engine, { items: plain }, ids)])
    expect([...at(0)]).toEqual([1, 1, 1, 1, 1]);
});

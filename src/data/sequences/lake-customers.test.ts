// Everybody known by a moment and their segment, from tables written here.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../engine.ts';
import { lakeCustomers } from './lake-customers.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.close());

const table = (columns: string, rows: readonly string[]): string =>
  `(SELECT * FROM (VALUES ${rows.join(', ')}) AS t(${columns}))`;
const events = table('user_id, timestamp, country', [
  "('b', 10, 'FR')",
  "('b', 20, 'DE')",
  "('b', 99, 'US')",
  "('a', 5, NULL)",
  "('late', 80, 'FR')",
  "(NULL, 6, 'FR')",
]);
const users = table('user_id, attributes', [
  `('b', '{"tier": "gold", "first name": "x"}')`,
  `('c', '{"tier": "gold", "country": "IT"}')`,
  "('d', NULL)",
]);

const segmentsBy = async (segmentBy: string) => {
  const { ids, segments, levels } = await lakeCustomers(engine, { events, users }, { asOf: 50, segmentBy });
  return Object.fromEntries(ids.map((id, row) => [id, levels[segments?.[row] ?? -1]]));
};

describe('lakeCustomers', () => {
  it('names those met by then and those of the customer table, in order', async () => {
    const found = await lakeCustomers(engine, { events, users }, { asOf: 50 });
    expect(found).toEqual({ ids: ['a', 'b', 'c', 'd'], levels: [] });
  });

  it('reads a segment from the latest event that says it by then, the customer table going first', async () => {
    expect(await segmentsBy('country')).toEqual({ a: undefined, b: 'DE', c: 'IT', d: undefined });
  });

  it('reads a segment from the attributes of customers', async () => {
    expect(await segmentsBy('tier')).toEqual({ a: undefined, b: 'gold', c: 'gold', d: undefined });
    expect((await segmentsBy('first name')).b).toBe('x');
  });

  it('names the keys there are where nobody has the one asked for', async () => {
    await expect(segmentsBy('teir')).rejects.toThrow(
      /^--segment-by: expected one of country, first name, tier, .*channel, got "teir", which nobody has$/,
    );
  });

  it('does without a customer table', async () => {
    const found = await lakeCustomers(
      engine,
      { events, users: undefined },
      { asOf: 50, segmentBy: 'country' },
    );
    expect(found.ids).toEqual(['a', 'b']);
  });
});

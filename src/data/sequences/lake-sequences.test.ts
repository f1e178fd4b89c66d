// Sequences of a log by user and by session against sorting its rows by hand.
import { afterAll, expect, it } from 'vitest';
import { randomLog } from '../../../test/features/random-log.ts';
import { tableSource } from '../../../test/features/sources.ts';
import type { Sequences } from '../../core/sequences.ts';
import { compareTexts } from '../../core/text-order.ts';
import { HOUR_MS, UTC } from '../../core/time.ts';
import { openEngine } from '../engine.ts';
import type { EventRow } from '../event.ts';
import { lakeAttributes, lakeSequences } from './lake-sequences.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const log = randomLog({ seed: 12, users: 40, startMs: Date.UTC(2012, 0, 1), days: 40 });
/** Some events belong to a session, some only to a browser, some to nobody. */
const events = log.events.map(
  (row, i): EventRow => ({
    ...row,
    session_id: i % 3 === 0 ? `s${Math.floor(i / 12)}` : null,
    user_id: i % 17 === 0 ? null : row.user_id,
    anonymous_id: i % 34 === 0 ? `browser ${i % 5}` : null,
  }),
);
const source = await tableSource(engine, events, { zone: UTC, items: log.items });
const untilMs = Date.UTC(2012, 0, 30);

const byTime = (a: EventRow, b: EventRow) =>
  a.timestamp - b.timestamp || compareTexts(a.event_id, b.event_id);
const shown = ({ entities, offsets, items, itemIds, timesMs, types, typeLevels }: Sequences) =>
  entities.map((entity, i) => [
    entity,
    Array.from({ length: offsets[i + 1] - offsets[i] }, (_, k) => {
      const at = offsets[i] + k;
      return `${itemIds[items[at]]} ${typeLevels?.[types?.[at] ?? 0]} ${timesMs?.[at]}`;
    }),
  ]);
const written = (rows: readonly EventRow[]) =>
  rows.map((row) => `${row.item_id} ${row.type} ${row.timestamp}`);

/** Rows with an item put together by their owner, in time order, owners in byte order. */
function grouped(
  rows: readonly EventRow[],
  ownerOf: (row: EventRow) => string | null,
): [string, EventRow[]][] {
  const groups = new Map<string, EventRow[]>();
  for (const row of rows.filter(({ item_id }) => item_id)) {
    const owner = ownerOf(row);
    if (owner !== null) groups.set(owner, [...(groups.get(owner) ?? []), row]);
  }
  return [...groups].sort(([a], [b]) => compareTexts(a, b)).map(([owner, own]) => [owner, own.sort(byTime)]);
}

it('by user: what each one did with items, in time order, up to the moment', async () => {
  const sequences = await lakeSequences(engine, source, { by: 'user', untilMs });
  const early = events.filter(({ timestamp }) => timestamp <= untilMs);
  const expected = grouped(early, ({ user_id }) => user_id).map(([user, rows]) => [user, written(rows)]);
  expect(expected.length).toBeGreaterThan(30);
  expect(shown(sequences)).toEqual(expected);
});

it('by user, some kinds of events alone', async () => {
  const sequences = await lakeSequences(engine, source, { by: 'user', types: ['purchase', 'view'] });
  const some = events.filter(({ type }) => type === 'purchase' || type === 'view');
  expect(shown(sequences)).toEqual(
    grouped(some, ({ user_id }) => user_id).map(([user, rows]) => [user, written(rows)]),
  );
});

it('by session: ids are their owner’s own, what has none is cut at gaps, nobody’s events are left out', async () => {
  const gap = HOUR_MS / 6;
  const sequences = await lakeSequences(engine, source, { by: 'session', sessionGapMs: gap });
  const ownerOf = ({ user_id, anonymous_id }: EventRow) => user_id ?? anonymous_id ?? '';
  const key = (row: EventRow) => {
    const owner = ownerOf(row);
    return owner === '' && !row.session_id ? null : `${owner}\u0001${row.session_id ?? ''}`;
  };
  const expected = grouped(events, key).flatMap(([joined, rows]) => {
    const [owner, session] = joined.split('\u0001');
    if (session !== '') return [[`${owner}/${session}`, written(rows)]];
    const parts: EventRow[][] = [];
    rows.forEach((row, i) => {
      if (i === 0 || row.timestamp - rows[i - 1].timestamp > gap) parts.push([]);
      parts[parts.length - 1].push(row);
    });
    return parts.map((part, i) => [`${owner}/${i}`, written(part)]);
  });
  const sorted = (list: unknown[]) => list.map((entry) => JSON.stringify(entry)).sort();
  expect(sorted(shown(sequences))).toEqual(sorted(expected));
  expect(sequences.entities.filter((entity) => entity.endsWith('/2')).length).toBeGreaterThan(5);
  expect(new Set(sequences.entities).size).toBe(sequences.entities.length);
});

it('the catalogue’s categories, brands and prices are in the order of the items', async () => {
  const { itemIds } = await lakeSequences(engine, source, { by: 'user' });
  const known = await lakeAttributes(engine, source, itemIds);
  itemIds.forEach((id, code) => {
    const item = log.items.get(id);
    const { codes, levels } = known?.categories.category ?? { codes: new Int32Array(0), levels: [] };
    expect(codes[code] < 0 ? null : levels[codes[code]]).toBe(item?.category ?? null);
    expect(known?.priceMinor?.[code]).toBe(item?.price_minor ?? Number.NaN);
  });
  expect(await lakeAttributes(engine, { ...source, items: undefined }, itemIds)).toBeUndefined();
});

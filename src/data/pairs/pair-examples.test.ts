import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { inTime } from '../../../test/features/brute-visits.ts';
import { openOracle } from '../../../test/features/oracle.ts';
import { randomLog } from '../../../test/features/random-log.ts';
import { tableSource } from '../../../test/features/sources.ts';
import { type Frame, findColumn, numberColumn } from '../../core/frame.ts';
import { compareTexts } from '../../core/text-order.ts';
import { DAY_MS, HOUR_MS, UTC, zoneOffsets } from '../../core/time.ts';
import { openEngine } from '../engine.ts';
import type { EventRow, EventType } from '../event.ts';
import { startingView } from '../features/default-view.ts';
import type { FeatureDefinition } from '../features/definition.ts';
import { type Population, willBuy } from '../labels.ts';
import { buildPairExamples } from './pair-examples.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const START = Date.UTC(2023, 4, 1);
const ZONE = 'America/New_York';
const HORIZON_MS = 9 * DAY_MS;
const AS_OFS = [START + 14 * DAY_MS, START + 20 * DAY_MS];

const whole = startingView('user_item', { horizonDays: 9, historyDays: 14 });
/** Every feature of the pair, the item and the category; a few of the customer, which have their own agreement. */
const view = {
  ...whole,
  features: whole.features.filter(
    ({ of, name }) =>
      of !== undefined || ['orders', 'views_7d', 'days_since_purchase', 'month'].includes(name),
  ),
};

const TOUCHES: readonly EventType[] = ['view', 'add_to_cart', 'purchase'];
const population: Population = { filter: { types: [...TOUCHES] }, lookbackMs: 10 * DAY_MS };

/** Few items, so that customers meet the same ones again. */
function shopLog(seed: number) {
  const log = randomLog({ seed, users: 25, startMs: START, days: 30 });
  const events = log.events.map((event) => ({
    ...event,
    item_id:
      event.item_id === null || event.item_id === undefined
        ? null
        : `item ${Number(event.item_id.slice(5)) % 6}`,
  }));
  return { ...log, events };
}

const cellOf = (frame: Frame, name: string, at: number): number | string | null => {
  const column = findColumn(frame, name);
  if (column?.kind === 'category') return column.codes[at] < 0 ? null : column.levels[column.codes[at]];
  if (column?.kind === 'number') return column.values[at];
  throw new Error(`no number or category "${name}"`);
};

test('asked about are the pairs touched within the look-back; bought are those with a purchase of that very item', async () => {
  const { events, items } = shopLog(3);
  const source = await tableSource(engine, events, { zone: zoneOffsets(ZONE), items });
  const set = await buildPairExamples(engine, source, {
    view: { ...view, features: [] },
    population,
    label: willBuy,
    asOfs: AS_OFS,
    horizonMs: HORIZON_MS,
  });
  const expected = AS_OFS.flatMap((asOf) => {
    const touched = events.filter(
      ({ type, timestamp, user_id, item_id }) =>
        user_id !== null &&
        item_id !== null &&
        TOUCHES.includes(type) &&
        timestamp <= asOf &&
        timestamp > asOf - 10 * DAY_MS,
    );
    const pairs = [...new Set(touched.map(({ user_id, item_id }) => `${user_id}\u001f${item_id}`))].sort(
      compareTexts,
    );
    return pairs.map((pair) => {
      const bought = events.some(
        ({ type, timestamp, user_id, item_id }) =>
          type === 'purchase' &&
          `${user_id}\u001f${item_id}` === pair &&
          timestamp > asOf &&
          timestamp <= asOf + HORIZON_MS,
      );
      return `${asOf} ${pair} ${bought ? 1 : 0}`;
    });
  });
  const got = set.entities.map(
    (user, i) => `${set.asOf[i]} ${user}\u001f${set.subjects?.items?.[i]} ${set.target?.[i]}`,
  );
  expect(got).toEqual(expected);
  expect(expected.filter((text) => text.endsWith(' 1')).length).toBeGreaterThan(5);
});

test('every feature is what the brute-force oracle makes of the events of its owner', async () => {
  const { events, items } = shopLog(4);
  const source = await tableSource(engine, events, { zone: zoneOffsets(ZONE), items });
  const set = await buildPairExamples(engine, source, { view, population, asOfs: AS_OFS });
  const oracle = openOracle({ zone: ZONE, items });
  const categoryOf = (item: string | null | undefined) =>
    item ? (items.get(item)?.category ?? undefined) : undefined;
  const differences: string[] = [];
  expect(set.entities.length).toBeGreaterThan(80);
  set.entities.forEach((user, i) => {
    const item = set.subjects?.items?.[i] as string;
    const asOf = set.asOf[i];
    const known = inTime(events.filter(({ timestamp }) => timestamp <= asOf));
    const own = known.filter(({ user_id }) => user_id === user);
    const category = categoryOf(item);
    const seen: Record<NonNullable<FeatureDefinition['of']> | 'user', readonly EventRow[]> = {
      visit: [],
      visitor: [],
      user: own,
      pair: own.filter(({ item_id }) => item_id === item),
      category: own.filter(({ item_id }) => category !== undefined && categoryOf(item_id) === category),
      item: known
        .filter(({ item_id }) => item_id === item)
        .map((event) => ({ ...event, item_id: event.user_id })),
    };
    for (const feature of view.features) {
      const truth = oracle(feature, seen[feature.of ?? 'user'], asOf);
      const got = cellOf(set.frame, feature.name, i);
      const same =
        Object.is(got, truth ?? Number.NaN) ||
        (typeof got === 'number' &&
          typeof truth === 'number' &&
          Math.abs(got - truth) <= 1e-9 * Math.abs(truth));
      if (!same) differences.push(`${feature.name} of row ${i}: oracle ${truth}, got ${got}`);
    }
  });
  expect(differences.slice(0, 10)).toEqual([]);
});

test('whatever happens after a moment moves none of its features', async () => {
  const { events, items } = shopLog(6);
  const [asOf] = AS_OFS;
  const rowsOf = async (log: readonly EventRow[]) => {
    const source = await tableSource(engine, log, { zone: UTC, items });
    const set = await buildPairExamples(engine, source, {
      ...{ view, population, label: willBuy, horizonMs: HORIZON_MS },
      asOfs: [asOf],
    });
    return set.entities.map((user, i) => [
      user,
      set.subjects?.items?.[i],
      ...set.frame.columns.map(({ name }) => cellOf(set.frame, name, i)),
    ]);
  };
  const before = await rowsOf(events);
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(99), async (keep, seed) => {
      const strangers = randomLog({ seed, users: 25, startMs: asOf, days: 20 }).events;
      const after = await rowsOf([
        ...events.filter(({ timestamp }, i) => timestamp <= asOf || (i * 0.618) % 1 < keep),
        ...strangers
          .filter(({ timestamp }) => timestamp > asOf)
          .map((event) => ({ ...event, event_id: `new ${event.event_id}` })),
      ]);
      expect(after).toEqual(before);
    }),
    { numRuns: 3, seed: 4 },
  );
});

test('an item’s place among the others: the one touched last stands first, and ties share the better place', async () => {
  const touch = (item: string, hoursBefore: number, id: string): EventRow => ({
    event_id: id,
    type: 'view',
    timestamp: AS_OFS[0] - hoursBefore * HOUR_MS,
    user_id: 'ann',
    item_id: item,
  });
  const log = [
    touch('a', 5, '1'),
    touch('b', 2, '2'),
    touch('c', 2, '3'),
    touch('c', 9, '4'),
    touch('d', 30, '5'),
  ];
  const source = await tableSource(engine, log, { zone: UTC });
  const { frame, subjects } = await buildPairExamples(engine, source, {
    view,
    population,
    asOfs: [AS_OFS[0]],
  });
  expect(subjects?.items).toEqual(['a', 'b', 'c', 'd']);
  expect(Array.from(numberColumn(frame, 'pair_place').values)).toEqual([3, 1, 1, 4]);
  expect(Array.from(numberColumn(frame, 'pair_share').values)).toEqual([0.2, 0.2, 0.4, 0.2]);
  expect(Array.from(numberColumn(frame, 'candidates').values)).toEqual([4, 4, 4, 4]);
});

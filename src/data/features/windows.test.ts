import { afterAll, expect, test } from 'vitest';
import { everyRule } from '../../../test/features/every-rule.ts';
import { randomLog } from '../../../test/features/random-log.ts';
import { tableSource } from '../../../test/features/sources.ts';
import type { Frame } from '../../core/frame.ts';
import { DAY_MS, UTC, zoneOffsets } from '../../core/time.ts';
import { type Engine, openEngine } from '../engine.ts';
import type { EventRow, EventType } from '../event.ts';
import { buildExamples } from '../examples.ts';
import { everyoneKnown } from '../labels.ts';
import { defaultView } from './default-view.ts';
import type { FeatureRule, FeatureView } from './definition.ts';
import { compileFold } from './fold.ts';

const engine = await openEngine({ threads: 2 });
afterAll(() => engine.close());

const event = (type: EventType, timestamp: number, more: Partial<EventRow> = {}): EventRow => ({
  event_id: `${type} ${timestamp} ${more.item_id ?? ''}`,
  type,
  timestamp,
  user_id: 'ada',
  ...more,
});

const viewOf = (rules: Record<string, FeatureRule>): FeatureView => ({
  name: 'test',
  version: 1,
  features: Object.entries(rules).map(([name, rule]) => ({
    name,
    label: { en: name, zh: name },
    unit: 'none',
    group: 'engagement',
    rule,
  })),
});

/** Plain values of the frame, for comparison. */
function valuesOf(frame: Frame): unknown[] {
  return frame.columns.map((column) => {
    if (column.kind === 'number') return Array.from(column.values);
    if (column.kind === 'category') return Array.from(column.codes, (code) => column.levels[code] ?? null);
    if (column.kind !== 'sequence') return null;
    return [Array.from(column.offsets), Array.from(column.codes, (code) => column.levels[code])];
  });
}

async function build(on: Engine, events: readonly EventRow[], view: FeatureView, asOfs: readonly number[]) {
  const source = await tableSource(on, events, { zone: zoneOffsets('America/New_York') });
  const set = await buildExamples(on, source, { view, population: everyoneKnown, asOfs });
  return { entities: set.entities, asOf: Array.from(set.asOf), values: valuesOf(set.frame) };
}

test('a window opens after asOf − lookback and closes with asOf, in SQL and online', async () => {
  const asOf = Date.UTC(2020, 5, 1, 12);
  const opening = asOf - 7 * DAY_MS;
  const events = [
    event('view', opening, { item_id: 'at the opening' }),
    event('view', opening + 1, { item_id: 'inside' }),
    event('view', opening + 1, { item_id: 'at the opening' }),
    event('view', asOf, { item_id: 'at the close' }),
    event('add_to_cart', asOf - 5),
    event('add_to_cart', asOf),
    event('purchase', asOf, { item_id: 'at the close' }),
    event('view', asOf + 1, { item_id: 'after' }),
    event('purchase', asOf + 1),
  ];
  const lookbackMs = 7 * DAY_MS;
  const view = viewOf({
    views: { kind: 'count', filter: { types: ['view'] }, lookbackMs },
    items: { kind: 'distinct', field: 'item_id', filter: { types: ['view'] }, lookbackMs },
    bought: { kind: 'count', filter: { types: ['purchase'] } },
    open_carts: { kind: 'unanswered', filter: { types: ['add_to_cart'] }, answer: { types: ['purchase'] } },
    trend: { kind: 'trend', of: { op: 'count', filter: { types: ['view'] } }, spanMs: lookbackMs },
    // One silence is exactly as long as the gap allows: still the same visit.
    visits: { kind: 'session', measure: 'count', gapMs: 7 * DAY_MS - 6, filter: {} },
    last: { kind: 'last', field: 'item_id', filter: { types: ['view'] }, lookbackMs },
  });
  const source = await tableSource(engine, events, { zone: UTC });
  const { frame } = await buildExamples(engine, source, { view, population: everyoneKnown, asOfs: [asOf] });
  const fromSql = valuesOf(frame).map((values) => (values as unknown[])[0]);
  expect(fromSql).toEqual([3, 3, 1, 0, (3 - 1) / 4, 1, 'at the close']);
  expect(compileFold(view, { zone: UTC })(events, asOf)).toEqual(fromSql);
});

test('a visit that began before the window is not opened inside it', async () => {
  const asOf = Date.UTC(2020, 5, 1, 12);
  const opening = asOf - 7 * DAY_MS;
  const minute = 60_000;
  const session = { kind: 'session', gapMs: 30 * minute, filter: {}, lookbackMs: 7 * DAY_MS } as const;
  const view = viewOf({
    visits: { ...session, measure: 'count' },
    minutes: { ...session, measure: 'minutes' },
  });
  const events = [
    event('click', opening - 3 * minute),
    event('click', opening + 5 * minute),
    event('click', opening + 60 * minute),
  ];
  const source = await tableSource(engine, events, { zone: UTC });
  const { frame } = await buildExamples(engine, source, { view, population: everyoneKnown, asOfs: [asOf] });
  expect(valuesOf(frame)).toEqual([[1], [8]]);
  expect(compileFold(view, { zone: UTC })(events, asOf)).toEqual([1, 8]);
});

test('a cart that is filled after the purchase is open, one that is filled with it is not', async () => {
  const view = viewOf({
    open_carts: { kind: 'unanswered', filter: { types: ['add_to_cart'] }, answer: { types: ['purchase'] } },
  });
  const events = [
    event('add_to_cart', 10),
    event('purchase', 10),
    event('add_to_cart', 11),
    event('purchase', 13),
  ];
  const fold = compileFold(view, { zone: UTC });
  const source = await tableSource(engine, events, { zone: UTC });
  const { frame } = await buildExamples(engine, source, {
    view,
    population: everyoneKnown,
    asOfs: [10, 11, 12, 13],
  });
  expect(valuesOf(frame)).toEqual([[0, 1, 1, 0]]);
  expect([10, 11, 12, 13].map((asOf) => fold(events, asOf)[0])).toEqual([0, 1, 1, 0]);
});

test('adding any event after asOf moves no feature, in SQL and online', async () => {
  const past = randomLog({ seed: 3, users: 40, startMs: Date.UTC(2012, 0, 1), days: 200 });
  const later = randomLog({ seed: 4, users: 60, startMs: Date.UTC(2012, 5, 1), days: 300 });
  const asOf = Date.UTC(2012, 6, 1, 7, 30);
  const known = past.events.filter(({ timestamp }) => timestamp <= asOf);
  const future = later.events
    .filter(({ timestamp }) => timestamp > asOf)
    .concat(
      later.events
        .slice(0, 20)
        .map((one) => ({ ...one, event_id: `next ${one.event_id}`, timestamp: asOf + 1 })),
    );
  expect(future.length).toBeGreaterThan(500);
  for (const view of [everyRule, defaultView(30)]) {
    const without = await build(engine, known, view, [asOf - 40 * DAY_MS, asOf]);
    const withFuture = await build(engine, [...future, ...known], view, [asOf - 40 * DAY_MS, asOf]);
    expect(withFuture).toEqual(without);
    const fold = compileFold(view, { zone: zoneOffsets('America/New_York'), items: past.items });
    const one = known[0].user_id;
    const own = known.filter(({ user_id }) => user_id === one);
    const ownFuture = future.map((row) => ({ ...row, user_id: one }));
    expect(fold([...ownFuture, ...own], asOf)).toEqual(fold(own, asOf));
  }
});

test('neither the order of events nor the number of threads changes a bit', async () => {
  const { events } = randomLog({ seed: 9, users: 50, startMs: Date.UTC(2015, 1, 1), days: 300 });
  const asOfs = [Date.UTC(2015, 5, 1), Date.UTC(2015, 9, 1)];
  const single = await openEngine({ threads: 1 });
  try {
    const expected = await build(engine, events, everyRule, asOfs);
    expect(await build(single, events.toReversed(), everyRule, asOfs.toReversed())).toEqual(expected);
  } finally {
    single.close();
  }
});

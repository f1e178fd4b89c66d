import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { bruteVisits, inTime, visitorOf } from '../../../test/features/brute-visits.ts';
import { openOracle } from '../../../test/features/oracle.ts';
import { randomLog } from '../../../test/features/random-log.ts';
import { tableSource } from '../../../test/features/sources.ts';
import { type Frame, findColumn, numberColumn } from '../../core/frame.ts';
import { DAY_MS, HOUR_MS, UTC, zoneOffsets } from '../../core/time.ts';
import { openEngine } from '../engine.ts';
import type { EventRow, EventType } from '../event.ts';
import type { ExampleSet } from '../examples.ts';
import { startingView, withEvents } from '../features/default-view.ts';
import { willBuy } from '../labels.ts';
import { buildVisitExamples } from './visit-examples.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const START = Date.UTC(2023, 4, 1);
const minute = (n: number) => START + DAY_MS + n * 60_000;
const view = startingView('session', { horizonDays: 1, historyDays: 40 });
const small = {
  ...view,
  features: view.features.filter(({ name }) => ['visit_views', 'visit_minutes'].includes(name)),
};

let made = 0;
function row(user: string | null, minutes: number, type: EventType, more: Partial<EventRow> = {}): EventRow {
  return {
    event_id: `e${String(made++).padStart(6, '0')}`,
    type,
    timestamp: minute(minutes),
    user_id: user,
    ...more,
  };
}

async function examplesOf(events: readonly EventRow[], asOfs: readonly number[], stretchMs?: number) {
  const source = await tableSource(engine, events, { zone: UTC });
  return buildVisitExamples(engine, source, {
    view: small,
    asOfs,
    ...(stretchMs === undefined ? {} : { label: willBuy, horizonMs: stretchMs }),
  });
}

/** `visitor session at target`, the moment in minutes. */
const told = ({ entities, subjects, target }: ExampleSet): string[] =>
  entities.map((visitor, i) => {
    const at = ((subjects?.at?.[i] ?? Number.NaN) - minute(0)) / 60_000;
    const session = subjects?.sessions?.[i].startsWith('2023') ? 'cut' : subjects?.sessions?.[i];
    return `${visitor} ${session} ${at}${target ? ` ${target[i]}` : ''}`;
  });

describe('moments of visits', () => {
  const day = [minute(0) - 1];

  test('silence of more than half an hour ends a visit, and what is bought in the next says nothing about it', async () => {
    const events = [
      row('ann', 0, 'view'),
      row('ann', 30, 'view'),
      row('ann', 61, 'view'),
      row('ann', 62, 'purchase'),
    ];
    expect(told(await examplesOf(events, day, DAY_MS))).toEqual([
      'ann cut 0 0',
      'ann cut 30 0',
      'ann cut 61 1',
    ]);
  });

  test('a session id holds a visit together, and an order without one joins the session that is open', async () => {
    const events = [
      row('bob', 0, 'view', { session_id: 's1' }),
      row('bob', 50, 'view', { session_id: 's1' }),
      row('bob', 55, 'purchase'),
      row('bob', 200, 'purchase'),
    ];
    expect(told(await examplesOf(events, day, DAY_MS))).toEqual(['bob s1 0 1', 'bob s1 50 1']);
  });

  test('nothing is asked once the visit has bought, nor of a visit that opens with a purchase', async () => {
    const events = [
      row('cat', 0, 'view'),
      row('cat', 1, 'purchase'),
      row('cat', 2, 'view'),
      row('dan', 0, 'purchase'),
      row('dan', 5, 'view'),
    ];
    expect(told(await examplesOf(events, day, DAY_MS))).toEqual(['cat cut 0 1']);
  });

  test('visitors without an account are known by their anonymous id, or by the session', async () => {
    const events = [
      row(null, 0, 'view', { anonymous_id: 'cookie' }),
      row(null, 3, 'purchase', { anonymous_id: 'cookie' }),
      row(null, 0, 'view', { session_id: 'alone' }),
    ];
    expect(told(await examplesOf(events, day, DAY_MS))).toEqual(['alone alone 0 0', 'cookie cut 0 1']);
  });

  test('at most three moments of one visit, the same ones whatever else the log holds', async () => {
    const long = Array.from({ length: 12 }, (_, i) => row('eve', i, 'view'));
    const alone = told(await examplesOf(long, day, DAY_MS));
    expect(alone).toHaveLength(3);
    const beside = told(await examplesOf([...long, row('fay', 3, 'view')], day, DAY_MS));
    expect(beside.filter((text) => text.startsWith('eve'))).toEqual(alone);
  });

  test('at most three hundred moments of one visitor: a robot has thousands of visits', async () => {
    const robot = Array.from({ length: 310 }, (_, i) => row('robot', 31 * i, 'view'));
    const rows = told(await examplesOf([...robot, row('ann', 5, 'view')], day, 10 * DAY_MS));
    expect(rows.filter((text) => text.startsWith('robot'))).toHaveLength(300);
    expect(rows[0]).toBe('ann cut 5 0');
  });

  test('visits that cross the end of the stretch are left out', async () => {
    const events = [row('gus', 0, 'view'), row('hal', 119, 'view'), row('hal', 121, 'view')];
    expect(told(await examplesOf(events, day, 2 * HOUR_MS))).toEqual(['gus cut 0 0']);
  });

  test('without a label: the visits open at a moment, as they stood at their last step', async () => {
    const events = [
      row('ida', 0, 'view'),
      row('ida', 20, 'view'),
      row('jon', 10, 'view'),
      row('jon', 12, 'purchase'),
      row('kim', -5, 'view'),
      row('ida', 41, 'purchase'),
    ];
    expect(told(await examplesOf(events, [minute(40)]))).toEqual(['ida cut 20']);
    const { frame } = await examplesOf(events, [minute(40)]);
    expect(numberColumn(frame, 'visit_views').values[0]).toBe(2);
    expect(numberColumn(frame, 'visit_minutes').values[0]).toBe(20);
  });
});

/** A log of bursts with sessions of two hours, some named and some not, in a clock that changes. */
function burstyLog(seed: number) {
  const log = randomLog({ seed, users: 25, startMs: START, days: 30 });
  const events = log.events.map((event) => {
    const bucket = Math.floor(event.timestamp / (2 * HOUR_MS));
    const named = (event.user_id?.length ?? 0) % 2 === 0 && bucket % 3 !== 0;
    return {
      ...event,
      session_id: named ? `${event.user_id ?? 'nobody'} at ${bucket}` : null,
      anonymous_id: event.user_id === null && bucket % 2 === 0 ? `cookie ${bucket % 5}` : null,
    };
  });
  return { ...log, events };
}

const cellOf = (frame: Frame, name: string, at: number): number | string | null => {
  const column = findColumn(frame, name);
  if (column?.kind === 'category') return column.codes[at] < 0 ? null : column.levels[column.codes[at]];
  if (column?.kind === 'number') return column.values[at];
  throw new Error(`no number or category "${name}"`);
};

const ASKED = { starts: [START + 9 * DAY_MS, START + 16 * DAY_MS], stretchMs: 7 * DAY_MS };

test('every feature of every example is what the brute-force oracle makes of the events it may see', async () => {
  const { events, items } = burstyLog(5);
  const source = await tableSource(engine, events, { zone: zoneOffsets('America/New_York'), items });
  const set = await buildVisitExamples(engine, source, {
    view,
    label: willBuy,
    asOfs: ASKED.starts,
    horizonMs: ASKED.stretchMs,
    seed: 3,
  });
  const visits = bruteVisits(events);
  const zero = 20_000 * DAY_MS - 1;
  const oracle = openOracle({ zone: 'UTC', items });
  const shopless = openOracle({ zone: 'UTC', items: new Map() });
  const differences: string[] = [];
  let bought = 0;
  expect(set.entities.length).toBeGreaterThan(100);
  set.entities.forEach((visitor, i) => {
    const at = set.subjects?.at?.[i] as number;
    const own = visits.filter(
      (visit) => visit.visitor === visitor && visit.session === set.subjects?.sessions?.[i],
    );
    expect(own).toHaveLength(1);
    const [visit] = own;
    const [first] = visit.events;
    const soFar = visit.events.filter(({ timestamp }) => timestamp <= at);
    const target = visit.events.some(({ type, timestamp }) => type === 'purchase' && timestamp > at);
    expect(set.target?.[i]).toBe(target ? 1 : 0);
    bought += target ? 1 : 0;
    const met = soFar.filter(({ item_id }) => item_id !== null);
    const latest = Math.max(...met.map(({ timestamp }) => timestamp));
    const item = met
      .filter(({ timestamp }) => timestamp === latest)
      .map(({ item_id }) => item_id as string)
      .sort()
      .at(-1);
    const rebased = (rows: readonly EventRow[]) =>
      inTime(rows.map((event) => ({ ...event, timestamp: event.timestamp - at + zero })));
    const of = events.filter((event) => visitorOf(event) === visitor && event.timestamp <= at);
    const seen = {
      visit: rebased(soFar),
      before: rebased(of.filter(({ timestamp }) => timestamp < first.timestamp)),
      pair: rebased(of.filter(({ item_id }) => item !== undefined && item_id === item)),
      item: inTime(
        events
          .filter(
            (event) =>
              item !== undefined &&
              event.item_id === item &&
              event.timestamp <= set.asOf[i] &&
              visitorOf(event) !== null,
          )
          .map((event) => ({ ...event, item_id: visitorOf(event) })),
      ),
    };
    for (const feature of view.features) {
      if (feature.rule.kind === 'calendar') continue;
      const truth =
        feature.of === 'item'
          ? shopless(feature, seen.item, set.asOf[i])
          : oracle(
              feature,
              seen[feature.of === undefined ? 'before' : (feature.of as 'visit' | 'pair')],
              zero,
            );
      const got = cellOf(set.frame, feature.name, i);
      const same =
        Object.is(got, truth ?? (typeof got === 'number' ? Number.NaN : null)) ||
        (typeof got === 'number' &&
          typeof truth === 'number' &&
          Math.abs(got - truth) <= 1e-9 * Math.abs(truth));
      if (!same) differences.push(`${feature.name} of row ${i}: oracle ${truth}, got ${got}`);
    }
  });
  expect(differences.slice(0, 10)).toEqual([]);
  expect(bought).toBeGreaterThan(10);
});

test('for models that read in order: what the visitor did, this visit up to the moment among it', async () => {
  const events = [
    row('mia', -3000, 'purchase', { item_id: 'old' }),
    row('mia', 0, 'search'),
    row('mia', 2, 'view', { item_id: 'a' }),
    row('mia', 4, 'add_to_cart', { item_id: 'a' }),
    row('mia', 6, 'purchase', { item_id: 'a' }),
  ];
  const source = await tableSource(engine, events, { zone: UTC });
  const set = await buildVisitExamples(engine, source, {
    view: withEvents({ ...view, features: [] }, 'session'),
    ...{ label: willBuy, asOfs: [minute(0) - 1], horizonMs: DAY_MS },
  });
  const types = findColumn(set.frame, 'event_types');
  if (types?.kind !== 'sequence') throw new Error('expected the kinds of events as a sequence');
  const read = set.entities.map((_, i) =>
    Array.from(types.codes.subarray(types.offsets[i], types.offsets[i + 1]), (code) => types.levels[code]),
  );
  const steps = ['purchase', 'search', 'view', 'add_to_cart'];
  expect(read).toEqual([steps.slice(0, 2), steps.slice(0, 3), steps.slice(0, 4)]);
});

test('the hour and the weekday are those of the shop, at the moment itself', async () => {
  const events = [row('lea', 30, 'view'), row('lea', 45, 'view')];
  const source = await tableSource(engine, events, { zone: zoneOffsets('Asia/Shanghai') });
  const { frame } = await buildVisitExamples(engine, source, { view, asOfs: [minute(50)] });
  // 2023-05-02, a Tuesday, 00:45 in London and 08:45 in Shanghai.
  expect(numberColumn(frame, 'visit_hour').values[0]).toBe(8);
  expect(numberColumn(frame, 'visit_weekday').values[0]).toBe(1);
});

test('whatever happens after a moment moves none of its features', async () => {
  const { events, items } = burstyLog(8);
  const rowsOf = async (log: readonly EventRow[]) => {
    const source = await tableSource(engine, log, { zone: UTC, items });
    const set = await buildVisitExamples(engine, source, {
      view,
      label: willBuy,
      asOfs: ASKED.starts,
      horizonMs: ASKED.stretchMs,
      seed: 3,
    });
    return new Map(
      set.entities.map((visitor, i) => [
        `${visitor} ${set.subjects?.sessions?.[i]} ${set.subjects?.at?.[i]}`,
        {
          at: set.subjects?.at?.[i] as number,
          cells: set.frame.columns.map(({ name }) => cellOf(set.frame, name, i)),
        },
      ]),
    );
  };
  const before = await rowsOf(events);
  // Cut where a visit goes on: what it does next is what could be seen too early.
  const cuts = bruteVisits(events).flatMap(({ visitor, session, events: own }) => {
    const last = own[own.length - 1].timestamp;
    return own
      .map(({ timestamp }) => timestamp)
      .filter((ms) => ms < last && before.has(`${visitor} ${session} ${ms}`));
  });
  expect(cuts.length).toBeGreaterThan(10);
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...cuts), fc.nat(99), async (cutMs, seed) => {
      const strangers = randomLog({ seed, users: 25, startMs: cutMs, days: 9 }).events;
      const after = await rowsOf([
        ...events.filter(({ timestamp }) => timestamp <= cutMs),
        ...events
          .filter(({ timestamp }) => timestamp > cutMs)
          .map((event) => ({ ...event, item_id: 'another', type: 'view' as const, price_minor: 1 })),
        ...strangers
          .filter(({ timestamp }) => timestamp > cutMs)
          .map((event) => ({ ...event, event_id: `new ${event.event_id}` })),
      ]);
      for (const [key, { at, cells }] of before) {
        const other = at <= cutMs ? after.get(key) : undefined;
        if (!other) continue;
        expect(other.cells).toEqual(cells);
        if (at === cutMs) compared++;
      }
    }),
    { numRuns: 4, seed: 4 },
  );
  expect(compared).toBeGreaterThan(0);
});

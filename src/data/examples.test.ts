import { afterAll, expect, test } from 'vitest';
import { randomLog } from '../../test/features/random-log.ts';
import { retailSource, tableSource } from '../../test/features/sources.ts';
import { AppError } from '../core/errors.ts';
import { numberColumn } from '../core/frame.ts';
import { compareTexts } from '../core/text-order.ts';
import { DAY_MS, UTC } from '../core/time.ts';
import { openEngine } from './engine.ts';
import { buildExamples } from './examples.ts';
import { readCapabilities, viewFor } from './features/capabilities.ts';
import { defaultView } from './features/default-view.ts';
import type { FeatureView } from './features/definition.ts';
import { boughtWithin, everyoneKnown, willBuy } from './labels.ts';

const engine = await openEngine({ threads: 2 });
afterAll(() => engine.close());

const log = randomLog({ seed: 31, users: 300, startMs: Date.UTC(2012, 0, 1), days: 300 });
const source = await tableSource(engine, log.events, { zone: UTC, items: log.items });
const early = Date.UTC(2012, 3, 1);
const late = Date.UTC(2012, 7, 1);
const view: FeatureView = {
  name: 'lines',
  version: 1,
  features: [
    {
      name: 'lines',
      label: { en: 'Lines', zh: '行' },
      unit: 'count',
      group: 'frequency',
      rule: { kind: 'count', filter: { types: ['purchase'] } },
    },
  ],
};

const usersWith = (matches: (row: (typeof log.events)[number]) => boolean): string[] =>
  [
    ...new Set(
      log.events.filter((row) => row.user_id !== null && matches(row)).map((row) => row.user_id as string),
    ),
  ].sort(compareTexts);

test('everyone known is everyone with an event by then, sorted by moment and id', async () => {
  const set = await buildExamples(engine, source, {
    view,
    population: everyoneKnown,
    asOfs: [late, early, late],
  });
  const first = usersWith((row) => row.timestamp <= early);
  const second = usersWith((row) => row.timestamp <= late);
  expect(set.entities).toEqual([...first, ...second]);
  expect(set.counts).toEqual([
    { asOf: early, rows: first.length },
    { asOf: late, rows: second.length },
  ]);
  expect(Array.from(set.asOf)).toEqual([...first.map(() => early), ...second.map(() => late)]);
  expect(set.target).toBeUndefined();
});

test('active buyers are those with a purchase inside the look-back', async () => {
  const set = await buildExamples(engine, source, { view, population: boughtWithin(30), asOfs: [late] });
  const expected = usersWith(
    (row) => row.type === 'purchase' && row.timestamp > late - 30 * DAY_MS && row.timestamp <= late,
  );
  expect(expected.length).toBeGreaterThan(20);
  expect(set.entities).toEqual(expected);
});

test('asking for some users only gives their rows of the whole, few or many', async () => {
  const whole = await buildExamples(engine, source, { view, population: everyoneKnown, asOfs: [late] });
  const lines = numberColumn(whole.frame, 'lines').values;
  for (const count of [1, 260]) {
    const wanted = whole.entities.slice(5, 5 + count);
    const some = await buildExamples(engine, source, {
      view,
      population: everyoneKnown,
      asOfs: [late],
      onlyEntities: [...wanted, "nobody's"],
    });
    expect(some.entities).toEqual(wanted);
    expect(Array.from(numberColumn(some.frame, 'lines').values)).toEqual(
      Array.from(lines.slice(5, 5 + count)),
    );
  }
});

test('a moment before all history has no rows, and an empty list of users neither', async () => {
  const whole = defaultView(30);
  const none = await buildExamples(engine, source, { view: whole, population: everyoneKnown, asOfs: [0] });
  expect(none.frame.rows).toBe(0);
  expect(none.frame.columns.length).toBe(whole.features.length);
  const nobody = await buildExamples(engine, source, {
    view: whole,
    population: everyoneKnown,
    asOfs: [late],
    onlyEntities: [],
  });
  expect(nobody.entities).toEqual([]);
});

test('work in progress is reported, can be cancelled, and leaves no tables behind', async () => {
  const leftovers = () => engine.rows(`SELECT table_name FROM duckdb_tables() WHERE temporary`);
  const steps: number[] = [];
  const progress = {
    step: ({ done, total }: { done: number; total?: number }) => steps.push(done / (total ?? 1)),
    note() {},
  };
  await buildExamples(engine, source, { view, population: everyoneKnown, asOfs: [early, late], progress });
  expect(steps.length).toBeGreaterThan(2);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(steps[steps.length - 1]).toBe(1);
  const stop = new AbortController();
  const cancelled = buildExamples(engine, source, {
    view: defaultView(30),
    population: everyoneKnown,
    asOfs: [early, late],
    signal: stop.signal,
    progress: { step: ({ done }) => done === 2 && stop.abort(), note() {} },
  });
  await expect(cancelled).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(await leftovers()).toEqual([]);
});

test('a label without a horizon and a moment that is no number are refused in words', async () => {
  const options = { view, population: everyoneKnown, asOfs: [late], label: willBuy };
  await expect(buildExamples(engine, source, options)).rejects.toThrow(/expected a horizon/);
  await expect(
    buildExamples(engine, source, { ...options, horizonMs: DAY_MS, asOfs: [Number.NaN] }),
  ).rejects.toThrow(AppError);
});

test('features a shop cannot feed are left out with the reason', async () => {
  const bare = await tableSource(
    engine,
    log.events.filter(({ type }) => type === 'purchase').map((row) => ({ ...row, device: null })),
    { zone: UTC, table: 'bare' },
  );
  const fitted = viewFor(defaultView(30), await readCapabilities(engine, bare));
  const reasons = Object.fromEntries(fitted.leftOut.map(({ name, reason }) => [name, reason]));
  expect(reasons.views_7d).toBe('the log has no view events');
  expect(reasons.device).toBe('the log has no device');
  expect(reasons.categories_bought).toBe('the catalogue has no category');
  expect(reasons.refund_share).toBe('the log has no refund events');
  expect(fitted.view.features.map(({ name }) => name)).toContain('frequency');
  const full = viewFor(defaultView(30), await readCapabilities(engine, source));
  expect(full.leftOut).toEqual([]);
});

test('Online Retail has the known numbers of customers and buyers', async () => {
  // The published counts stand at the end of 2011-03-13 and of 2011-06-11.
  const retail = await retailSource(engine);
  const set = await buildExamples(engine, retail, {
    view,
    label: willBuy,
    population: boughtWithin(10_000),
    asOfs: [Date.UTC(2011, 2, 14), Date.UTC(2011, 5, 12)],
    horizonMs: 90 * DAY_MS,
  });
  const buyers = [0, 0];
  set.entities.forEach((_, row) => {
    buyers[set.asOf[row] === Date.UTC(2011, 2, 14) ? 0 : 1] += set.target?.[row] ?? 0;
  });
  expect([set.counts[0].rows, buyers[0], set.counts[1].rows, buyers[1]]).toEqual([1866, 1038, 2811, 1348]);
});

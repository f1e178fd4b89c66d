// Visits under way, and customers with an item, asked online from events in memory: the batch's answers, to the last digits.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AppError } from '../src/core/errors.ts';
import { type Column, findColumn } from '../src/core/frame.ts';
import { UTC } from '../src/core/time.ts';
import type { Engine } from '../src/data/engine.ts';
import { EVENT_COLUMNS, type EventRow } from '../src/data/event.ts';
import { rowEvents } from '../src/data/features/user-events.ts';
import { withLake } from '../src/data/lake/open.ts';
import type { EventSource } from '../src/data/source.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { type LoadedBundle, loadBundle } from '../src/registry/bundle.ts';
import type { PredictionEntity } from '../src/serve/api.ts';
import { type Predictions, predictBatch } from '../src/serve/batch.ts';
import { openEntityAnswerer } from '../src/serve/online/answer-entities.ts';
import type { OnlineAnswers } from '../src/serve/online/answer-users.ts';
import { type ItemColumns, readItemColumns } from '../src/serve/online/item-columns.ts';
import { openPredictor } from '../src/serve/online/predictor.ts';
import type { Predictor } from '../src/serve/ports.ts';
import { ALL_COLUMNS } from '../src/serve/state/kept-columns.ts';
import { openState } from '../src/serve/state/online-state.ts';
import { succeed, testFolder } from './flow/command.ts';
import { madeUpVisits, VISITS_MAPPING } from './flow/made-up-visits.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = ['--workspace', shop, '--threads', '2', '--lang', 'en'];
/** Moments at which visits are under way: a few at each. */
const MOMENTS = 16;
const BETWEEN_MS = 11 * 3_600_000;
const TASKS = ['session-purchase', 'item-purchase'] as const;

let bundles: readonly LoadedBundle[];
let rows: readonly EventRow[];
let lastMs: number;
interface Compared {
  readonly batch: Predictions;
  readonly answers: OnlineAnswers;
}
const compared = new Map<string, Compared[]>();
let predictor: Predictor;
const columns = new Map<LoadedBundle, ItemColumns>();

async function eventsIn(engine: Engine, source: EventSource): Promise<readonly EventRow[]> {
  const names = Object.keys(EVENT_COLUMNS).map((column) => `"${column}"`);
  const sql = `SELECT ${names.join(', ')} FROM ${source.events} ORDER BY timestamp, event_id`;
  return (await engine.rows(sql)) as unknown as EventRow[];
}

const predictorOver = (known: readonly EventRow[]): Predictor => {
  const state = openState({
    ...{ views: bundles.map(({ view }) => view), context: { zone: UTC }, columns: ALL_COLUMNS },
  });
  state.followVisits();
  state.apply(known);
  let next = 0;
  return openPredictor({
    ...{ bundles, context: { zone: UTC }, now: () => lastMs, newId: () => `p-${next++}` },
    find: (person) => state.find(person),
    readItems: async (bundle) => columns.get(bundle) as ItemColumns,
  });
};

beforeAll(async () => {
  const visits = write('visits.csv', madeUpVisits());
  await succeed('import', visits, '--map', write('visits.yaml', VISITS_MAPPING), ...on);
  for (const task of TASKS) await succeed('train', task, '--model', 'logistic', ...on);
  bundles = TASKS.map((task) => loadBundle(join(shop, 'models'), task));
  await withLake(openWorkspace(shop), { threads: 2 }, async (engine, source) => {
    lastMs = source.lastMs;
    rows = await eventsIn(engine, source);
    const state = openState({
      ...{ views: bundles.map(({ view }) => view), context: { zone: UTC }, columns: ALL_COLUMNS },
    });
    state.apply(rows);
    // One after the other: each makes tables of its own in the engine.
    for (const bundle of bundles) {
      const moments = bundle.task.entity === 'session' ? MOMENTS : 2;
      for (let back = 0; back < moments; back++) {
        const asOf = lastMs - back * BETWEEN_MS;
        const items = await readItemColumns(engine, { ...source, lastMs: asOf }, bundle);
        if (back === 0) columns.set(bundle, items);
        const batch = await predictBatch(engine, source, bundle, { asOf }).catch((cause: AppError) => {
          if (cause.code === 'NOT_ENOUGH_DATA') return undefined;
          throw cause;
        });
        // At night nobody is on a visit.
        if (!batch) continue;
        const answerer = openEntityAnswerer(bundle, { zone: UTC }, async () => items);
        const asked = batch.entities.map((user_id, row) => {
          const item_id = batch.subjects?.items?.[row];
          const history = state.find({ user_id }) ?? { events: rowEvents([]) };
          return { entity: { user_id, ...(item_id !== undefined && { item_id }) }, history };
        });
        const answers = await answerer.answer(asked, asOf);
        compared.set(bundle.task.name, [...(compared.get(bundle.task.name) ?? []), { batch, answers }]);
      }
    }
  });
  predictor = predictorOver(rows);
}, 400_000);

/** Cells of a column as a person reads them: codes of levels are each frame's own. */
function cells(column: Column): readonly unknown[] {
  if (column.kind === 'number')
    return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
  if (column.kind === 'category') return Array.from(column.codes, (code) => column.levels[code] ?? null);
  throw new Error(`a ${column.kind} column was not expected`);
}

describe.each(TASKS)('%s', (task) => {
  test('every feature of every row, and every answer, is that of the batch at the same moment', async () => {
    let asked = 0;
    for (const { batch, answers } of compared.get(task) ?? []) {
      const { predictions } = answers;
      expect(Array.from(answers.rows)).toEqual(batch.entities.map((_, row) => row));
      expect(predictions.subjects).toEqual(batch.subjects);
      for (const column of batch.frame.columns) {
        const own = findColumn(predictions.frame, column.name);
        expect(own && cells(own), column.name).toEqual(cells(column));
      }
      expect(predictions.frame.columns.map(({ name }) => name)).toEqual(
        batch.frame.columns.map(({ name }) => name),
      );
      batch.forecast.value.forEach((value, row) => {
        expect(predictions.forecast.value[row]).toBeCloseTo(value, 9);
      });
      expect(answers.inexact.flat()).toEqual([]);
      asked += batch.entities.length;
    }
    expect(asked).toBeGreaterThan(task === 'item-purchase' ? 1000 : 20);
  });
});

describe('what is not asked about', () => {
  test('nobody on a visit, a visit that has bought, and an item that was not touched', async () => {
    const [away] = await predictor.predict({
      task: 'session-purchase',
      entities: [{ user_id: 'c1' }],
      asOf: lastMs + 3_600_000,
    });
    expect(away.value).toBeNull();
    expect(away.not_asked).toContain('visits');
    const [other] = await predictor.predict({
      task: 'item-purchase',
      entities: [{ user_id: 'c1', item_id: 'never touched' }],
    });
    expect(other.value).toBeNull();
    await expect(
      predictor.predict({ task: 'item-purchase', entities: [{ user_id: 'c1' }] }),
    ).rejects.toMatchObject({ code: 'BAD_DATA' });
    await expect(
      predictor.predict({ task: 'session-purchase', entities: [{ item_id: 'i1' }] }),
    ).rejects.toMatchObject({ code: 'BAD_DATA' });
  });
});

test('a visit of a customer is found by its session alone', async () => {
  const step = (minutes: number, more: Partial<EventRow>): EventRow => ({
    ...{ event_id: `live-${minutes}`, type: 'view', user_id: 'c1', session_id: 'live', item_id: 'i1' },
    timestamp: lastMs + minutes * 60_000,
    ...more,
  });
  const known = predictorOver([...rows, step(1, {}), step(2, { type: 'add_to_cart' })]);
  const asOf = lastMs + 3 * 60_000;
  const ask = async (entity: PredictionEntity) =>
    (await known.predict({ task: 'session-purchase', entities: [entity], asOf }))[0];
  const bySession = await ask({ session_id: 'live' });
  expect(bySession.value).toBeGreaterThan(0);
  // With the 90 days of the customer before it, as where they are named.
  expect(bySession.value).toBe((await ask({ user_id: 'c1', session_id: 'live' })).value);
  expect((await ask({ session_id: 'another' })).value).toBeNull();
});

describe('a visit told with the question', () => {
  const step = (id: string, minutes: number, more: Partial<EventRow>): EventRow => ({
    ...{ event_id: id, type: 'view', user_id: null, session_id: 's-1' },
    timestamp: lastMs + minutes * 60_000,
    ...more,
  });
  const ask = (
    events: readonly EventRow[],
    minutes: number,
    entity: PredictionEntity = { session_id: 's-1' },
  ) =>
    predictor.predict({
      ...{ task: 'session-purchase', entities: [entity], events },
      asOf: lastMs + minutes * 60_000,
    });

  test('a cart raises the answer, a purchase ends the question, half an hour of silence, too', async () => {
    const views = () => [step('a', 0, { item_id: 'i1' }), step('b', 2, { item_id: 'i2' })];
    const [looking] = await ask(views(), 3);
    expect(looking).toMatchObject({ session_id: 's-1', unit: 'probability' });
    const cart = step('c', 3, { type: 'add_to_cart', item_id: 'i2' });
    const [carted] = await ask([...views(), cart], 4);
    expect(carted.value).toBeGreaterThan(looking.value as number);
    const bought = step('d', 5, { type: 'purchase', item_id: 'i2', session_id: null });
    // An order without a session id belongs to the visit of the same person that was open then.
    const own = [...views(), cart, bought].map((row) => ({ ...row, anonymous_id: 'v' }));
    expect((await ask(own, 6))[0].value).toBeNull();
    expect((await ask(own.slice(0, 3), 6))[0].value).toBeCloseTo(carted.value as number, 9);
    expect((await ask([...views(), cart], 40))[0].value).toBeNull();
    // Nobody's events are kept, and other visits are not looked at.
    const others = step('e', 3, { type: 'purchase', session_id: 's-2', item_id: 'i2' });
    expect((await ask([...views(), cart, others], 4))[0].value).toBeCloseTo(carted.value as number, 9);
    const kept = await predictor.predict({ task: 'session-purchase', entities: [{ session_id: 's-1' }] });
    expect(kept[0].value).toBeNull();
  });

  test('reasons come in both languages', async () => {
    const [answer] = await predictor.predict({
      ...{ task: 'session-purchase', entities: [{ session_id: 's-1' }], reasons: 3 },
      events: [step('a', 0, { item_id: 'i1' }), step('c', 1, { type: 'add_to_cart', item_id: 'i1' })],
      asOf: lastMs + 120_000,
    });
    expect(answer.reasons?.length).toBeGreaterThan(0);
    expect(answer.reasons?.[0].zh).toMatch(/\p{Script=Han}/u);
  });
});

// Visits under way, and customers with an item, asked online from events in memory: the batch's answers, to the last digits.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { UTC } from '../src/core/time.ts';
import type { Engine } from '../src/data/engine.ts';
import { EVENT_COLUMNS, type EventRow } from '../src/data/event.ts';
import { withLake } from '../src/data/lake/open.ts';
import type { EventSource } from '../src/data/source.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { type LoadedBundle, loadBundle } from '../src/registry/bundle.ts';
import type { PredictionEntity } from '../src/serve/api.ts';
import { type Predictions, predictBatch } from '../src/serve/batch.ts';
import { type ItemColumns, readItemColumns } from '../src/serve/online/item-columns.ts';
import { openPredictor } from '../src/serve/online/predictor.ts';
import type { Predictor } from '../src/serve/ports.ts';
import { openState } from '../src/serve/state/online-state.ts';
import { succeed, testFolder } from './flow/command.ts';
import { madeUpVisits, VISITS_MAPPING } from './flow/made-up-visits.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = ['--workspace', shop, '--threads', '2', '--lang', 'en'];
const TASKS = ['session-purchase', 'item-purchase'] as const;

let bundles: readonly LoadedBundle[];
let rows: readonly EventRow[];
let lastMs: number;
const batches = new Map<string, Predictions>();
let predictor: Predictor;
const columns = new Map<LoadedBundle, ItemColumns>();

async function eventsIn(engine: Engine, source: EventSource): Promise<readonly EventRow[]> {
  const names = Object.keys(EVENT_COLUMNS).map((column) => `"${column}"`);
  const sql = `SELECT ${names.join(', ')} FROM ${source.events} ORDER BY timestamp, event_id`;
  return (await engine.rows(sql)) as unknown as EventRow[];
}

const predictorOver = (known: readonly EventRow[]): Predictor => {
  const state = openState({ views: bundles.map(({ view }) => view), context: { zone: UTC } });
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
    // One after the other: each makes tables of its own in the engine.
    for (const bundle of bundles) {
      columns.set(bundle, await readItemColumns(engine, source, bundle));
      batches.set(bundle.task.name, await predictBatch(engine, source, bundle, { asOf: lastMs }));
    }
  });
  predictor = predictorOver(rows);
}, 240_000);

describe.each(TASKS)('%s', (task) => {
  test('answers as the batch does at the same moment', async () => {
    const batch = batches.get(task);
    if (!batch) throw new Error('no batch');
    const { items, sessions } = batch.subjects ?? {};
    const entities = batch.entities.map(
      (user_id, row): PredictionEntity => ({ user_id, ...(items && { item_id: items[row] }) }),
    );
    expect(entities.length).toBeGreaterThan(task === 'item-purchase' ? 500 : 1);
    const answers = await predictor.predict({ task, entities, asOf: lastMs });
    answers.forEach((answer, row) => {
      expect(answer.value).toBeCloseTo(batch.forecast.value[row], 9);
      expect(answer.inexact).toBeUndefined();
      if (sessions) expect(answer.session_id).toBe(sessions[row]);
    });
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

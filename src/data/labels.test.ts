import { afterAll, expect, test } from 'vitest';
import { randomLog } from '../../test/features/random-log.ts';
import { tableSource } from '../../test/features/sources.ts';
import { DAY_MS, UTC } from '../core/time.ts';
import { openEngine } from './engine.ts';
import type { EventRow } from './event.ts';
import { buildExamples } from './examples.ts';
import { everyoneKnown, type LabelDefinition, willBuy, willLeave, willSpend } from './labels.ts';

const engine = await openEngine({ threads: 2 });
afterAll(() => engine.close());

const EMPTY_VIEW = { name: 'nothing', version: 1, features: [] };
const log = randomLog({ seed: 21, users: 80, startMs: Date.UTC(2012, 0, 1), days: 300 });
const asOf = Date.UTC(2012, 5, 1, 6);
const horizonMs = 60 * DAY_MS;

async function targetsOf(label: LabelDefinition, events: readonly EventRow[] = log.events) {
  const source = await tableSource(engine, events, { zone: UTC });
  const set = await buildExamples(engine, source, {
    view: EMPTY_VIEW,
    label,
    population: everyoneKnown,
    asOfs: [asOf],
    horizonMs,
  });
  return new Map(set.entities.map((entity, row) => [entity, set.target?.[row] ?? Number.NaN]));
}

/** What happens to each user in the horizon, by going through the rows. */
function inHorizon(user: string): EventRow[] {
  return log.events.filter(
    (row) => row.user_id === user && row.timestamp > asOf && row.timestamp <= asOf + horizonMs,
  );
}

const lineValue = (row: EventRow): number => Math.round((row.price_minor ?? 0) * (row.quantity ?? 1));

test('each kind of label equals a walk through the events of the horizon', async () => {
  const orders: LabelDefinition = {
    name: 'orders',
    kind: 'count',
    field: 'order',
    filter: { types: ['purchase'] },
  };
  const lines: LabelDefinition = { name: 'lines', kind: 'count', filter: { types: ['purchase'] } };
  const buys = await targetsOf(willBuy);
  const leaves = await targetsOf(willLeave);
  const revenue = await targetsOf(willSpend());
  const discounted = await targetsOf(willSpend(0.12));
  const orderCounts = await targetsOf(orders);
  const lineCounts = await targetsOf(lines);
  let spenders = 0;
  for (const user of buys.keys()) {
    const future = inHorizon(user);
    const bought = future.filter(({ type }) => type === 'purchase');
    const returned = future.filter(({ type }) => type === 'refund');
    expect(buys.get(user)).toBe(bought.length > 0 ? 1 : 0);
    expect(leaves.get(user)).toBe(bought.length > 0 ? 0 : 1);
    expect(lineCounts.get(user)).toBe(bought.length);
    const keys = bought.map((row) => row.order_id ?? `day ${Math.floor(row.timestamp / DAY_MS)}`);
    expect(orderCounts.get(user)).toBe(new Set(keys).size);
    const sum = (rows: EventRow[], of: (row: EventRow) => number) =>
      rows.reduce((so_far, row) => so_far + of(row), 0);
    expect(revenue.get(user)).toBe(sum(bought, lineValue) - sum(returned, lineValue));
    const today = (row: EventRow) =>
      Math.round(lineValue(row) * 1.12 ** (-(row.timestamp - asOf) / (365 * DAY_MS)));
    expect(discounted.get(user)).toBe(sum(bought, today) - sum(returned, today));
    if (bought.length > 0) spenders++;
  }
  expect(spenders).toBeGreaterThan(20);
  expect(spenders).toBeLessThan(buys.size);
});

test('the horizon opens after asOf and closes with its last moment', async () => {
  const at = (timestamp: number, item: string): EventRow => ({
    event_id: item,
    type: 'purchase',
    timestamp,
    user_id: 'ada',
    price_minor: 1,
    quantity: 1,
  });
  const events = [at(asOf, 'a'), at(asOf + 1, 'b'), at(asOf + horizonMs, 'c'), at(asOf + horizonMs + 1, 'd')];
  const targets = await targetsOf(willSpend(), events);
  expect(targets.get('ada')).toBe(2);
});

test('nothing at or before asOf moves a target', async () => {
  const past = randomLog({ seed: 22, users: 80, startMs: Date.UTC(2011, 0, 1), days: 400 }).events.filter(
    ({ timestamp }) => timestamp <= asOf,
  );
  const before = await targetsOf(willSpend());
  const after = await targetsOf(willSpend(), [...past, ...log.events]);
  for (const [user, target] of before) expect(after.get(user)).toBe(target);
});

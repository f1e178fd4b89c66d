import { expect, test } from 'vitest';
import { name } from '../core/name.ts';
import { DAY_MS } from '../core/time.ts';
import { defaultView } from '../data/features/default-view.ts';
import type { FeatureDefinition, FeatureView } from '../data/features/definition.ts';
import { boundView } from './bounded-view.ts';

const purchases = { types: ['purchase'] } as const;
const feature = (id: string, rule: FeatureDefinition['rule']): FeatureDefinition => ({
  name: id,
  label: name(id, id),
  unit: 'count',
  group: 'frequency',
  rule,
});
const viewOf = (...features: FeatureDefinition[]): FeatureView => ({ name: 'mine', version: 1, features });

test('an open total is closed at the history behind the first training moment, and says so', () => {
  const view = viewOf(feature('orders', { kind: 'count', filter: purchases }));
  const { view: bounded, leftOut } = boundView(view, 50.7 * DAY_MS);
  expect(bounded.features[0]).toMatchObject({
    rule: { kind: 'count', lookbackMs: 50 * DAY_MS },
    label: { en: 'orders (last 50 days)', zh: 'orders（最近 50 天）' },
  });
  expect(leftOut).toEqual([]);
  expect(view.features[0].rule).not.toHaveProperty('lookbackMs');
});

test('a window longer than that history is left out with its reason, a shorter or equal one stays', () => {
  const window = (days: number) =>
    feature(`orders_${days}d`, { kind: 'count', filter: purchases, lookbackMs: days * DAY_MS });
  const { view, leftOut } = boundView(viewOf(window(30), window(50), window(51)), 50 * DAY_MS);
  expect(view.features.map((one) => one.name)).toEqual(['orders_30d', 'orders_50d']);
  expect(leftOut).toEqual([
    { name: 'orders_51d', reason: expect.stringContaining('longer than the history') },
  ]);
});

test('what is measured from a customer’s own first event keeps all of history', () => {
  const tenure = feature('tenure', { kind: 'tenure', clock: 'elapsed', filter: {} });
  const recency = feature('recency', { kind: 'recency', clock: 'calendar', filter: purchases });
  expect(boundView(viewOf(tenure, recency), DAY_MS).view.features).toEqual([tenure, recency]);
});

test('a history shorter than a day still leaves a window of one', () => {
  const { view } = boundView(viewOf(feature('orders', { kind: 'count', filter: purchases })), 1000);
  expect(view.features[0].rule).toMatchObject({ lookbackMs: DAY_MS });
});

test('no total of the default view grows with the log once it is bounded', () => {
  const { view } = boundView(defaultView(30), 60 * DAY_MS);
  const totals = new Set(['count', 'sum', 'distinct', 'max', 'min', 'unanswered', 'session']);
  const open = view.features.filter(
    ({ rule }) => totals.has(rule.kind) && !('lookbackMs' in rule && rule.lookbackMs),
  );
  expect(open.map((one) => one.name)).toEqual([]);
  expect(view.features.length).toBeGreaterThan(10);
});
